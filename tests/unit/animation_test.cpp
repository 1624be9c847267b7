#include "io/animation.h"

#include <cstring>
#include <string>

#include <gif_lib.h>
#include <gmock/gmock.h>
#include <zlib.h>

#include "base/error.h"
#include "base/files.h"
#include "io/png.h"
#include "scratch.h"

namespace convscope {
namespace {

using ::testing::HasSubstr;

// Frames of a few colours, no two alike.
Animation moving(int count, int width, int height, int rate = 20) {
  Animation animation;
  animation.rate = rate;
  animation.settings_json = R"({"command":"interpolate"})";
  for (int f = 0; f < count; ++f) {
    ImageRgb8 frame(width, height, static_cast<std::uint8_t>(40 * f));
    for (int i = 0; i < width * height; i += f + 2) {
      frame.at(i % width, i / width)[0] = 255;
      frame.at(i % width, i / width)[2] = static_cast<std::uint8_t>(10 * f);
    }
    animation.frames.push_back(frame);
  }
  return animation;
}

std::uint32_t number(std::span<const std::uint8_t> bytes) {
  return std::uint32_t(bytes[0]) << 24 | std::uint32_t(bytes[1]) << 16 | std::uint32_t(bytes[2]) << 8 | bytes[3];
}

struct Chunk {
  std::string type;
  std::vector<std::uint8_t> data, whole;
};

std::vector<Chunk> chunks_of(std::span<const std::uint8_t> png) {
  std::vector<Chunk> chunks;
  for (std::size_t at = 8; at < png.size();) {
    const std::size_t length = number(png.subspan(at));
    const auto covered = png.subspan(at + 4, length + 4);
    EXPECT_EQ(number(png.subspan(at + 8 + length)), crc32(0, covered.data(), uInt(covered.size())));
    const auto whole = png.subspan(at, length + 12);
    chunks.push_back({std::string(covered.begin(), covered.begin() + 4),
                      {covered.begin() + 4, covered.end()},
                      {whole.begin(), whole.end()}});
    at += length + 12;
  }
  return chunks;
}

TEST(Animations, APngHoldsItsFrames) {
  const Scratch scratch;
  const auto path = scratch / "loop.png";
  const Animation animation = moving(4, 150, 90);
  write_animation(path, animation);
  EXPECT_EQ(read_image(path).pixels, animation.frames[0].pixels); // what viewers of still pictures show
  EXPECT_EQ(read_png_settings(path), animation.settings_json);

  const auto bytes = read_file(path);
  std::uint32_t sequence = 0;
  std::vector<std::vector<std::uint8_t>> data;
  std::vector<std::uint8_t> head(bytes.begin(), bytes.begin() + 8), tail;
  for (const Chunk &chunk : chunks_of(bytes)) {
    if (chunk.type == "IHDR")
      head.insert(head.end(), chunk.whole.begin(), chunk.whole.end());
    if (chunk.type == "IEND")
      tail = chunk.whole;
    if (chunk.type == "acTL") {
      EXPECT_EQ(number(chunk.data), 4U);
      EXPECT_EQ(number(std::span(chunk.data).subspan(4)), 0U);
    }
    if (chunk.type == "fcTL") {
      EXPECT_EQ(number(chunk.data), sequence++);
      EXPECT_EQ(number(std::span(chunk.data).subspan(4)), 150U);
      EXPECT_EQ(number(std::span(chunk.data).subspan(8)), 90U);
      EXPECT_EQ(number(std::span(chunk.data).subspan(20)), (1U << 16) + 20);
      data.emplace_back();
    }
    if (chunk.type == "fdAT") {
      EXPECT_EQ(number(chunk.data), sequence++);
      data.back().insert(data.back().end(), chunk.data.begin() + 4, chunk.data.end());
    }
    if (chunk.type == "IDAT")
      data.back().insert(data.back().end(), chunk.data.begin(), chunk.data.end());
  }
  ASSERT_EQ(data.size(), 4U);
  for (std::size_t f = 0; f < data.size(); ++f) {
    std::vector<std::uint8_t> still = head, covered{'I', 'D', 'A', 'T'};
    covered.insert(covered.end(), data[f].begin(), data[f].end());
    const auto put = [&](std::size_t value) {
      for (const int shift : {24, 16, 8, 0})
        still.push_back(std::uint8_t(value >> shift));
    };
    put(data[f].size());
    still.insert(still.end(), covered.begin(), covered.end());
    put(crc32(0, covered.data(), uInt(covered.size())));
    still.insert(still.end(), tail.begin(), tail.end());
    EXPECT_EQ(decode_png(still, "frame").pixels, animation.frames[f].pixels) << f;
  }
}

TEST(Animations, GifHoldsItsFrames) {
  const Scratch scratch;
  const auto path = scratch / "loop.GIF";
  const Animation animation = moving(3, 31, 17);
  write_animation(path, animation);
  int error = 0;
  GifFileType *gif = DGifOpenFileName(path.string().c_str(), &error);
  ASSERT_TRUE(gif);
  ASSERT_EQ(DGifSlurp(gif), GIF_OK);
  ASSERT_EQ(gif->ImageCount, 3);
  EXPECT_EQ(gif->SWidth, 31);
  EXPECT_EQ(gif->SHeight, 17);
  ASSERT_GT(gif->SavedImages[0].ExtensionBlockCount, 0);
  EXPECT_EQ(std::memcmp(gif->SavedImages[0].ExtensionBlocks[0].Bytes, "NETSCAPE2.0", 11), 0);
  for (int f = 0; f < 3; ++f) {
    GraphicsControlBlock control{};
    ASSERT_EQ(DGifSavedExtensionToGCB(gif, f, &control), GIF_OK);
    EXPECT_EQ(control.DelayTime, 5);
    const SavedImage &image = gif->SavedImages[f];
    for (std::size_t i = 0; i < 31 * 17; ++i) {
      const GifColorType c = image.ImageDesc.ColorMap->Colors[image.RasterBits[i]];
      const std::uint8_t *const right = animation.frames[std::size_t(f)].pixels.data() + 3 * i;
      EXPECT_NEAR(c.Red, right[0], 8); // median cut works on 5 bits
      EXPECT_NEAR(c.Green, right[1], 8);
      EXPECT_NEAR(c.Blue, right[2], 8);
    }
  }
  DGifCloseFile(gif, &error);
}

TEST(Animations, Y4mHoldsItsFrames) {
  const Scratch scratch;
  const auto path = scratch / "loop.y4m";
  const Animation animation = moving(2, 5, 3);
  write_animation(path, animation);
  const auto bytes = read_file(path);
  const std::string header = "YUV4MPEG2 W5 H3 F20:1 Ip A1:1 C444 XCOLORRANGE=FULL\n";
  ASSERT_EQ(bytes.size(), header.size() + 2 * (6 + 45));
  EXPECT_EQ(std::string(bytes.begin(), bytes.begin() + std::ptrdiff_t(header.size())), header);
  for (std::size_t f = 0; f < 2; ++f) {
    const std::uint8_t *const at = bytes.data() + header.size() + f * 51;
    EXPECT_EQ(std::memcmp(at, "FRAME\n", 6), 0);
    for (std::size_t i = 0; i < 15; ++i) {
      const double y = at[6 + i], blue = at[21 + i] - 128.0, red = at[36 + i] - 128.0;
      const std::uint8_t *const right = animation.frames[f].pixels.data() + 3 * i;
      EXPECT_NEAR(y + 1.402 * red, right[0], 1.3);
      EXPECT_NEAR(y - 0.344136 * blue - 0.714136 * red, right[1], 1.3);
      EXPECT_NEAR(y + 1.772 * blue, right[2], 1.3);
    }
  }
}

TEST(Animations, SayWhatIsWrong) {
  const Scratch scratch;
  const auto error = [&](const char *name, const Animation &animation) -> std::string {
    try {
      write_animation(scratch / name, animation);
    } catch (const UserError &failed) {
      EXPECT_FALSE(std::filesystem::exists(scratch / name));
      return failed.what();
    }
    return "no error";
  };
  EXPECT_THAT(error("loop.webm", moving(2, 4, 4)),
              HasSubstr("loop.webm: an animation's name ends in .png, .gif or .y4m"));
  Animation uneven = moving(2, 4, 4);
  uneven.frames[1] = ImageRgb8(4, 5);
  EXPECT_THAT(error("loop.gif", uneven), HasSubstr("its frames are of 4x4 and 4x5 pixels"));
  EXPECT_EQ(error("one.gif", moving(1, 1, 1)), "no error");
}

} // namespace
} // namespace convscope
