// Files and numbers that can't be used: exit status 2, one line that names them, nothing written.
#include "program/program.h"

#include <algorithm>
#include <fstream>
#include <functional>
#include <limits>

#include "io/npy.h"

namespace convscope {
namespace {

class BadInput : public ProgramTest {
protected:
  Arguments features(const std::string &image) const {
    return {"features", "--offscreen", "--model", "alexnet", "--image", image, "--layer", "conv1", "-o", "maps.png"};
  }
  Arguments optimize(const Arguments &more) const {
    Arguments all = {"optimize", "--offscreen", "--model", "alexnet", "--objective", "conv2:1", "-o", "vis.png"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  Arguments activations(const std::string &input) const {
    return {"activations", "--model", "alexnet", "--input", input, "--layer", "conv2", "-o", "act.npy"};
  }
  Arguments weights(const std::string &model, const std::string &file) const {
    const std::string layer = model == "alexnet" ? "conv1" : model == "vgg16" ? "block1_conv1" : "conv1_conv";
    return {"activations", "--model", model, "--weights", file, "--input", "x.npy", "--layer", layer, "-o", "act.npy"};
  }
  // A file that is missing, empty, a folder, or of another kind.
  void refuse_files(const std::function<Arguments(const std::string &)> &arguments, const std::string &extension) {
    const std::string name = "file" + extension;
    refused(arguments("missing" + extension), {"missing" + extension});
    put(name, "");
    refused(arguments(name), {name});
    put(name, "This is a letter, not what the program wants.\n");
    refused(arguments(name), {name});
    std::filesystem::create_directory(path("folder" + extension));
    refused(arguments("folder" + extension), {"folder" + extension});
  }
};

TEST_F(BadInput, Photos) {
  refuse_files([&](const std::string &file) { return features(file); }, ".png");
  put("cut.png", read_bytes(cat_photo).substr(0, 5000));
  refused(features("cut.png"), {"cut.png"});
  put("head.jpg", std::string_view("\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0", 20));
  refused(features("head.jpg"), {"head.jpg"});
  put("moving.png", "GIF89a and so on");
  refused(features("moving.png"), {"moving.png", "is a GIF", "magick"});
  put("page.jpg", "<!DOCTYPE html><html>");
  refused(features("page.jpg"), {"page.jpg", "HTML"});
  put("cut.webp", std::string_view("RIFF\x40\0\0\0WEBPVP8 \x34\0\0\0", 20));
  refused(features("cut.webp"), {"cut.webp", "damaged WebP"});
  const auto rocket = shared_data("photos/rocket.jpg");
  if (std::filesystem::exists(rocket)) {
    put("cut.jpg", read_bytes(rocket).substr(0, 20000));
    refused(features("cut.jpg"), {"cut.jpg"});
  }
}

TEST_F(BadInput, ArraysThatAreNone) {
  refuse_files([&](const std::string &file) { return activations(file); }, ".npy");
  write_npy(path("x.npy"), {{1, 3, 64, 64}, std::vector<float>(3 * 64 * 64)});
  put("cut.npy", bytes("x.npy").substr(0, 1000));
  refused(activations("cut.npy"), {"cut.npy"});
}

TEST_F(BadInput, ArraysOfAnotherShapeOrType) {
  const std::string zeros(std::size_t{3} * 64 * 64 * 8, '\0');
  put_npy("rank.npy", "<f4", "(3, 64, 64)", std::string_view(zeros).substr(0, 3 * 64 * 64 * 4));
  refused(activations("rank.npy"), {"rank.npy"});
  put_npy("complex.npy", "<c8", "(1, 3, 64, 64)", zeros);
  refused(activations("complex.npy"), {"complex.npy", "complex64"});
  put_npy("objects.npy", "|O", "(1, 3, 64, 64)", zeros);
  refused(activations("objects.npy"), {"objects.npy", "Python objects"});
  put_npy("four.npy", "<f4", "(1, 4, 64, 64)", std::string_view(zeros).substr(0, 4 * 64 * 64 * 4));
  refused(activations("four.npy"), {"four.npy", "4"});
  put_npy("none.npy", "<f4", "(0, 3, 64, 64)", "");
  refused(activations("none.npy"), {"none.npy"});
  put_npy("small.npy", "<f4", "(1, 3, 7, 7)", std::string_view(zeros).substr(0, 3 * 7 * 7 * 4));
  refused(activations("small.npy"), {"conv"});
}

TEST_F(BadInput, ArraysWithValuesThatAreNotNumbers) {
  Array x{{1, 3, 64, 64}, std::vector<float>(3 * 64 * 64)};
  for (const float value : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    x.data[5000] = value;
    write_npy(path("x.npy"), x);
    refused(activations("x.npy"), {"x.npy"});
    refused({"gradient", "--model", "alexnet", "--input", "x.npy", "--objective", "conv2:1", "-o", "g.npy"}, {"x.npy"});
  }
}

TEST_F(BadInput, WeightsFiles) {
  write_npy(path("x.npy"), {{1, 3, 64, 64}, std::vector<float>(3 * 64 * 64)});
  refuse_files([&](const std::string &file) { return weights("resnet50v2", file); }, ".h5");
  refuse_files([&](const std::string &file) { return weights("alexnet", file); }, ".safetensors");
  put("cut.safetensors", read_bytes(repository("weights/alexnet.safetensors")).substr(0, 100000));
  refused(weights("alexnet", "cut.safetensors"), {"cut.safetensors"});
  put("cut.h5", std::string_view("\x89HDF\r\n\x1a\n\0\0\0\0\0\x08\x08\0", 16));
  refused(weights("vgg16", "cut.h5"), {"cut.h5"});
  refused(weights("alexnet", repository("weights/vgg16.safetensors")), {"vgg16.safetensors"});
  refused({"layers", "--model", "resnet50v2", "--weights", cat_photo}, {"chelsea.png"});
}

TEST_F(BadInput, WeightsOfAnotherKerasNet) {
  const auto file = shared_data("keras/resnet50v2-notop/model.weights-legacy.h5");
  if (!std::filesystem::exists(file))
    GTEST_SKIP() << "no " << file;
  write_npy(path("x.npy"), {{1, 3, 64, 64}, std::vector<float>(3 * 64 * 64)});
  refused(weights("vgg16", file.string()), {"model.weights-legacy.h5"});
  put("cut.h5", read_bytes(file).substr(0, 1000000));
  refused(weights("resnet50v2", "cut.h5"), {"cut.h5"});
}

TEST_F(BadInput, NetsWithoutWeightsSayWhatToGive) {
  refused({"features", "--offscreen", "--model", "resnet50v2", "--image", cat_photo, "--layer", "conv1_conv", "-o",
           "maps.png"},
          {"--weights"});
}

TEST_F(BadInput, Sizes) {
  for (const char *size : {"0", "-5", "100000", "64x", "64x64x64", "x", "1e2", "64.5", "0x64", "99999999999999999999"})
    refused(optimize({"--size", size}), {"--size"});
  refused(optimize({"--size", "3", "--recipe", "plain"}), {"alexnet"});
}

TEST_F(BadInput, SizesBeyondTheDeviceSayWhatFits) {
  const Result result = refused({"optimize", "--offscreen", "--model", "vgg16", "--objective", "block1_conv2:1",
                                 "--size", "100000", "-o", "vis.png"},
                                {"100000"});
  const std::string rest = result.err.substr(std::min(result.err.size(), result.err.find("100000") + 6));
  EXPECT_NE(rest.find_first_of("0123456789"), std::string::npos) << result.told;
}

TEST_F(BadInput, Numbers) {
  for (const char *steps : {"0", "-1", "ten", "1.5", "99999999999999999999"})
    refused(optimize({"--steps", steps}), {"--steps"});
  for (const char *rate : {"nan", "inf", "0", "-0.1", "fast", "1e99"})
    refused(optimize({"--lr", rate}), {"--lr"});
  for (const char *seed : {"-1", "x", "99999999999999999999"})
    refused(optimize({"--seed", seed}), {"--seed"});
  for (const char *batch : {"0", "-2", "many"})
    refused(optimize({"--batch", batch}), {"--batch"});
  refused(optimize({"--input-size", "0"}), {"--input-size"});
}

TEST_F(BadInput, OutputsThatCanNotBeWritten) {
  refused(optimize({"-o", "vis.png"}), {"-o"}); // given twice
  const Arguments head = {"optimize", "--offscreen", "--model", "alexnet", "--objective", "conv2:1", "--size", "64"};
  const auto to = [&](const Arguments &outputs) {
    Arguments all = head;
    all.insert(all.end(), outputs.begin(), outputs.end());
    return all;
  };
  refused(to({"-o", "nowhere/vis.png"}), {"nowhere"});
  refused(to({"-o", "vis.png", "--npy", "nowhere/vis.npy"}), {"nowhere"});
  refused(to({"-o", "vis.png", "--report", "nowhere/run.json"}), {"nowhere"});
  std::filesystem::create_directory(path("folder.png"));
  refused(to({"-o", "folder.png"}), {"folder.png"});
  put("file", "");
  refused(to({"-o", "file/vis.png"}), {"file"});
}

// Nothing that is read, or written by the same run, is written over.
TEST_F(BadInput, OutputsThatAreSomethingElse) {
  std::filesystem::copy_file(repository("docs/photos/coffee.png"), path("photo.png"));
  refused({"features", "--offscreen", "--model", "alexnet", "--image", "photo.png", "--layer", "conv1", "-o",
           "./photo.png"},
          {"--image", "-o", "photo.png"});
  refused(optimize({"--report", "vis.png"}), {"-o", "--report", "vis.png"});
  write_npy(path("x.npy"), {{1, 3, 64, 64}, std::vector<float>(3 * 64 * 64)});
  refused({"activations", "--model", "alexnet", "--input", "x.npy", "--layer", "conv2", "-o", "x.npy"},
          {"--input", "x.npy"});
}

TEST_F(BadInput, PagesThatAreTooLargeAreRefusedBeforeTheWork) {
  Arguments many = {"optimize", "--offscreen", "--model", "alexnet", "--size", "2048", "-o", "vis.png"};
  for (int i = 0; i < 64; ++i)
    many.insert(many.end(), {"--objective", "conv2:" + std::to_string(i)});
  refused(many, {"64 pictures"});
  Arguments wide = {"strip",     "--model", "alexnet",
                    "--size",    "512",     "-o",
                    "strip.png", "--image", repository("docs/photos/coffee.png")};
  for (int i = 0; i < 64; ++i)
    wide.insert(wide.end(), {"--objective", "conv2:" + std::to_string(i)});
  refused(wide, {"64 columns"});
}

// What would not be what was asked for opens no window.
TEST_F(BadInput, ObjectivesThatTheViewerCanNotShow) {
  for (const char *objective : {"conv5:99999", "conv5:1@99,99", "direction(conv5)"})
    refused({"optimize", "--model", "alexnet", "--objective", objective}, {"conv5"});
}

TEST_F(BadInput, AFolderWithoutWriteAccess) {
  std::filesystem::create_directory(path("locked"));
  std::filesystem::permissions(path("locked"), std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
  if (std::ofstream(path("locked/probe")))
    GTEST_SKIP() << "this user may write everywhere";
  refused({"features", "--offscreen", "--model", "alexnet", "--image", cat_photo, "--layer", "conv1", "-o",
           "locked/maps.png"},
          {"locked"});
}

TEST_F(BadInput, PicturesThatCarryNoSettings) {
  refused({"replay", cat_photo, "-o", "again.png"}, {"chelsea.png"});
  refused({"replay", "missing.png", "-o", "again.png"}, {"missing.png"});
  put("text.png", "no picture");
  refused({"replay", "text.png", "-o", "again.png"}, {"text.png"});
}

TEST_F(BadInput, ClassifyingWithoutAClassifier) {
  refused({"classify", "--model", "alexnet", "--image", cat_photo}, {"alexnet", "classif"});
}

} // namespace
} // namespace convscope
