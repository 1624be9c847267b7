// The database by itself, and runs whose folder changes under them.
#include <gmock/gmock.h>

#include <chrono>
#include <limits>

#include "dataset/examples.h"
#include "dataset/photo_reader.h"
#include "graph/names.h"
#include "io/png.h"
#include "unit/scratch.h"

namespace convscope {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

Peaks some_peaks(std::size_t channels, unsigned seed) {
  Peaks peaks;
  for (std::size_t c = 0; c < channels; ++c) {
    peaks.values.push_back(static_cast<float>(seed) + static_cast<float>(c) / 7);
    peaks.places.push_back(static_cast<std::uint32_t>(seed * 31 + c) % 49);
  }
  return peaks;
}

TEST(Peaks, AsBytesAndBack) {
  for (const std::uint32_t positions : {49U, 65536U, 65537U, 1U << 24}) {
    Peaks peaks = some_peaks(5, 3), read;
    peaks.places.back() = positions - 1;
    peaks.values.front() = -std::numeric_limits<float>::infinity();
    std::vector<std::uint8_t> bytes = pack(peaks, positions);
    EXPECT_EQ(unpack(bytes, 5, positions, read), "");
    EXPECT_EQ(read, peaks);
    EXPECT_NE(unpack(bytes, 6, positions, read), "");
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      bytes[i] ^= 4;
      EXPECT_NE(unpack(bytes, 5, positions, read), "") << i;
      bytes[i] ^= 4;
    }
  }
}

const SeenLayer layer_one{"one", "maxima", {8, 8}, "fp32", {3, 7, 7}};

std::vector<std::string> all_of(SeenDatabase &database, std::size_t layer) {
  std::vector<std::string> names;
  database.each(layer, [&](std::int64_t photo, const Peaks &) { names.push_back(database.photo(photo).path); });
  std::sort(names.begin(), names.end());
  return names;
}

void list(SeenDatabase &database, const std::vector<FoundPhoto> &photos) {
  database.begin_listing();
  for (const FoundPhoto &photo : photos)
    database.found(photo);
  database.end_listing();
}

TEST(SeenDatabase, KeepsABatchOrNoneOfIt) {
  const Scratch scratch;
  const fs::path file = scratch / "seen.sqlite";
  const FoundPhoto a{"a.png", 5, 1}, b{"b.png", 6, 1}, c{"c.png", 7, 1};
  {
    SeenDatabase database(file, "net", "name");
    database.layer(layer_one);
    list(database, {c, a, b});
    EXPECT_EQ(database.missing(), 3);
    EXPECT_EQ(database.next()->path, "a.png"); // by name
    Transaction batch = database.batch();
    database.keep(a, {4, 4}, {some_peaks(3, 1)});
    database.keep_fault(b, "is damaged");
    batch.commit();
    const Transaction lost = database.batch();
    database.keep(c, {4, 4}, {some_peaks(3, 2)});
  }
  SeenDatabase database(file, "net", "name");
  const std::size_t layer = database.layer(layer_one);
  list(database, {a, b, c});
  EXPECT_EQ(database.photos(), 3);
  EXPECT_EQ(database.missing(), 1);
  EXPECT_EQ(database.next()->path, "c.png");
  EXPECT_FALSE(database.next());
  EXPECT_THAT(all_of(database, layer), testing::ElementsAre("a.png"));
  ASSERT_EQ(database.faults().size(), 1U);
  EXPECT_EQ(database.faults()[0].reason, "is damaged");
  // Changed, and gone.
  list(database, {{"a.png", 5, 2}, b});
  EXPECT_EQ(database.missing(), 1);
  EXPECT_TRUE(all_of(database, layer).empty());
  // Another layer has seen none of them; what can't be read it need not try.
  const std::size_t other = database.layer({"two", "maxima", {8, 8}, "fp32", {2, 7, 7}});
  list(database, {a, b});
  EXPECT_EQ(database.missing(), 1);
  Transaction batch = database.batch();
  database.keep(a, {4, 4}, {some_peaks(3, 9), some_peaks(2, 9)});
  batch.commit();
  EXPECT_THAT(all_of(database, other), testing::ElementsAre("a.png"));
  database.each(layer, [](std::int64_t, const Peaks &peaks) { EXPECT_EQ(peaks, some_peaks(3, 1)) << "that stands"; });
}

TEST(SeenDatabase, IsOfOneNetAndOneProcess) {
  const Scratch scratch;
  const fs::path file = scratch / "seen.sqlite";
  {
    const SeenDatabase database(file, "net", "name");
    EXPECT_THAT(complaint([&] { SeenDatabase(file, "net", "name"); }), HasSubstr("in use by another process"));
  }
  EXPECT_THAT(complaint([&] { SeenDatabase(file, "other", "other net"); }), HasSubstr("is of name, not of other net"));
  EXPECT_THAT(complaint([&] { SeenDatabase(file, "other", "name"); }), HasSubstr("with other weights"));
  const SeenDatabase database(file, "net", "name");
}

class Runs : public testing::Test {
protected:
  Runs() {
    session_.load({"alexnet", "", ""});
    session_.set_precision(Precision::fp32);
    fs::create_directories(scratch_ / "photos");
    for (int i = 0; i < 6; ++i) {
      ImageRgb8 photo(70, 60);
      for (std::size_t p = 0; p < photo.pixels.size(); ++p)
        photo.pixels[p] = static_cast<std::uint8_t>(p * p * static_cast<std::size_t>(i + 3) >> 5);
      write_png(scratch_ / ("photos/" + std::to_string(i) + ".png"), photo);
    }
    request_.folder = scratch_ / "photos";
    request_.layers = {find_layer(session_.graph(), "conv2")};
    request_.input_size.side = 64;
    request_.batch = 1;
  }
  Scratch scratch_;
  Session session_;
  ExamplesRequest request_;
};

TEST_F(Runs, AFolderThatGoes) {
  request_.database = scratch_ / "seen.sqlite";
  {
    ExamplesRun run(session_, request_);
    EXPECT_EQ(run.progress().photos, 6);
    run.advance();
    fs::rename(scratch_ / "photos", scratch_ / "gone");
    EXPECT_THAT(complaint([&] {
                  while (!run.done())
                    run.advance();
                }),
                HasSubstr("photos: is gone; what was seen of it is kept"));
  }
  fs::rename(scratch_ / "gone", scratch_ / "photos");
  ExamplesRun run(session_, request_);
  EXPECT_GE(run.progress().before, 1);
  while (!run.done())
    run.advance();
  EXPECT_EQ(run.seen(), 6);
}

// Beside a window: the folder is listed aside, batches go in slices, and each channel's best are known at any time.
TEST_F(Runs, LiveIsTheSame) {
  const NodeId one = request_.layers[0], two = find_layer(session_.graph(), "conv5");
  request_.live = true;
  request_.databases = scratch_ / "cache/seen";
  const auto look = [](ExamplesRun &run) {
    run.open();
    EXPECT_FALSE(run.done());
    int slices = 0;
    while (!run.done())
      slices += run.advance_slice() ? 0 : 1;
    EXPECT_GE(slices, 6);
  };
  const auto expect_known = [&](ExamplesRun &run, NodeId layer) {
    const std::vector<ChannelExamples> all = run.results(layer);
    for (const int channel : {0, 5, 191}) {
      const ChannelExamples known = run.result(channel), &right = all[static_cast<std::size_t>(channel)];
      EXPECT_EQ(known.channel, channel);
      EXPECT_EQ(known.photos, 6);
      EXPECT_EQ(known.excited, right.excited);
      EXPECT_EQ(known.histogram, right.histogram);
      ASSERT_EQ(known.top.size(), right.top.size());
      for (std::size_t i = 0; i < right.top.size(); ++i) {
        EXPECT_EQ(known.top[i].file, right.top[i].file);
        EXPECT_EQ(known.top[i].box, right.top[i].box);
      }
    }
  };
  {
    ExamplesRun run(session_, request_);
    look(run);
    expect_known(run, one);
    run.look_at(two);
    look(run);
    expect_known(run, two);
    run.look_at(one);
    run.open();
    EXPECT_TRUE(run.done());
    expect_known(run, one);
  }
  // A folder of its own has a file of its own.
  const auto files = [&] { return std::distance(fs::directory_iterator(request_.databases), {}); };
  EXPECT_EQ(files(), 1);
  ExamplesRun(session_, request_).open();
  EXPECT_EQ(files(), 1);
  fs::copy(scratch_ / "photos", scratch_ / "others");
  request_.folder = scratch_ / "others";
  ExamplesRun(session_, request_).open();
  EXPECT_EQ(files(), 2);
  request_.stopped = [] { return true; };
  ExamplesRun stopped(session_, request_);
  stopped.open();
  EXPECT_EQ(stopped.progress().photos, 0);
}

// A single photo that goes is told and left to the next run.
TEST_F(Runs, APhotoThatGoes) {
  request_.database = scratch_ / "seen.sqlite";
  {
    ExamplesRun run(session_, request_);
    fs::rename(scratch_ / "photos/4.png", scratch_ / "4.png");
    while (!run.done())
      run.advance();
    EXPECT_EQ(run.seen(), 5);
    ASSERT_EQ(run.skipped().size(), 1U);
    EXPECT_EQ(run.skipped()[0].file, "4.png");
  }
  fs::rename(scratch_ / "4.png", scratch_ / "photos/4.png");
  ExamplesRun run(session_, request_);
  EXPECT_EQ(run.progress().left(), 1);
  while (!run.done())
    run.advance();
  EXPECT_TRUE(run.skipped().empty());
  EXPECT_EQ(run.results(request_.layers[0])[0].photos, 6);
}

// The batch does not matter, nor which layers go together; crops are the photo's pixels.
TEST_F(Runs, InAnyBatch) {
  const NodeId one = request_.layers[0], two = find_layer(session_.graph(), "conv5");
  std::vector<std::vector<ChannelExamples>> results;
  for (const int batch : {1, 4}) {
    request_.batch = batch;
    request_.layers = batch == 1 ? std::vector{one} : std::vector{two, one};
    ExamplesRun run(session_, request_);
    while (!run.done())
      run.advance();
    results.push_back(run.results(one));
  }
  ASSERT_EQ(results[0].size(), 192U);
  for (std::size_t c = 0; c < results[0].size(); ++c) {
    ASSERT_EQ(results[0][c].top.size(), results[1][c].top.size());
    EXPECT_EQ(results[0][c].histogram, results[1][c].histogram);
    for (std::size_t i = 0; i < results[0][c].top.size(); ++i) {
      const Example &a = results[0][c].top[i], &b = results[1][c].top[i];
      EXPECT_EQ(a.file, b.file);
      EXPECT_EQ(a.value, b.value);
      EXPECT_EQ(a.box, b.box);
    }
  }
  const Example &example = results[0][5].top.at(0);
  const ImageRgb8 photo = read_image(photo_file(request_.folder, example.file));
  const ImageRgb8 part = crop(request_.folder, example);
  EXPECT_EQ(part.width, example.box.width);
  EXPECT_EQ(part.height, example.box.height);
  for (int y = 0; y < part.height; ++y)
    for (int x = 0; x < part.width; ++x)
      ASSERT_TRUE(std::equal(part.at(x, y), part.at(x, y) + 3, photo.at(example.box.x + x, example.box.y + y)));
  const std::vector<ImageRgb8> small = crops(request_.folder, {example, {"none.png", 0, 0, 0, {}}}, 10);
  EXPECT_EQ(std::max(small[0].width, small[0].height), std::min(10, std::max(part.width, part.height)));
  EXPECT_TRUE(small[1].pixels.empty());
}

// One position a photo: by its name and the seed, of what the layer is there.
TEST_F(Runs, OnePositionOfEachPhoto) {
  const NodeId layer = request_.layers[0];
  request_.layers = {find_layer(session_.graph(), "conv1")};
  request_.positions = {layer};
  request_.database = scratch_ / "seen.sqlite";
  const auto seen = [&] {
    ExamplesRun run(session_, request_);
    while (!run.done())
      run.advance();
    return run.positions(layer);
  };
  const PositionExamples found = seen();
  EXPECT_EQ(found.files, (std::vector<std::string>{"0.png", "1.png", "2.png", "3.png", "4.png", "5.png"}));
  EXPECT_EQ(found.vectors.shape, (std::vector<std::int64_t>{6, 192}));
  EXPECT_EQ(found.left_out, 0);
  for (std::size_t i = 0; i < 6; ++i) {
    const Array maps =
        session_.features(read_image(photo_file(request_.folder, found.files[i])), {layer}, InputSize{0, {64, 64}})
            .at(0);
    ASSERT_TRUE(found.x[i] > 0 && found.x[i] < maps.shape[2] - 1);
    ASSERT_TRUE(found.y[i] > 0 && found.y[i] < maps.shape[1] - 1);
    const auto at = static_cast<std::size_t>(found.y[i] * maps.shape[2] + found.x[i]);
    const auto plane = static_cast<std::size_t>(maps.shape[1] * maps.shape[2]);
    for (std::size_t c = 0; c < 192; ++c)
      EXPECT_NEAR(found.vectors.data[i * 192 + c], maps.data[c * plane + at], 1e-5) << i << " " << c;
  }
  request_.batch = 4;
  fs::remove(request_.database);
  EXPECT_EQ(seen().vectors.data, found.vectors.data);
  request_.seed = 1; // beside the others
  const PositionExamples other = seen();
  EXPECT_NE(std::pair(other.x, other.y), std::pair(found.x, found.y));
  request_.seed = 0;
  ExamplesRun run(session_, request_);
  EXPECT_TRUE(run.done());
  EXPECT_EQ(run.positions(layer).vectors.data, found.vectors.data);
}

} // namespace
} // namespace convscope
