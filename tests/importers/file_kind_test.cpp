// What files are by their content, and what a user who gives the wrong one is told.
#include "importer/file_kind.h"

#include <fstream>

#include <gtest/gtest.h>

#include "importer/labels.h"
#include "importer/model.h"
#include "importers/expect_error.h"
#include "importers/keras_files.h"
#include "importers/onnx_builder.h"
#include "importers/temporary.h"

namespace convscope {
namespace {

using namespace std::string_literals;

class FileKinds : public ::testing::Test {
protected:
  std::filesystem::path put(const std::string &name, const std::string &bytes) const {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
    return folder_ / name;
  }
  // As a model of each ending, and of none.
  void expect_told(const std::string &bytes, const std::string &part) const {
    for (const char *name : {"a.onnx", "a.h5", "a.keras", "a.hdf5", "a.pb", "a"}) {
      const std::filesystem::path file = put(name, bytes);
      expect_error([&] { load_model({file.string(), "", ""}); }, file.string() + ": " + part);
    }
  }
  TemporaryFolder folder_;
};

TEST_F(FileKinds, WhatIsNoModelIsNamed) {
  expect_told("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n", "is a Git LFS pointer");
  expect_told("<!DOCTYPE html>\n<html><body>404</body></html>", "is a web page (HTML)");
  expect_told("\n\n<html lang=\"en\">", "is a web page (HTML)");
  expect_told(R"({"error": "Repository not found"})", "is JSON, such as a server's error message");
  expect_told(R"({"class_name": "Sequential", "config": []})", "is a Keras net's layers without weights");
  expect_told("<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>", "is XML");
  expect_told("", "is empty");
  expect_told("hello\n", "is a text");
  expect_told("\x1f\x8b\x08\x00 and so on"s, "is packed by gzip: unpack it first");
  expect_told(std::string(257, '\1') + "ustar" + std::string(300, '\0'), "is a tar archive");
  expect_told("\x80\x02}q\x00."s, "is a Python pickle");
  expect_told("\x1c\x00\x00\x00TFL3\x14\x00"s, "is a TensorFlow Lite model");
  expect_told("\x89PNG\r\n\x1a\n"s, "is a picture (PNG)");
  expect_told("\x08\x01\x12\x03\x0a\x01x"s, "is a TensorFlow SavedModel's graph");
  expect_told("\x0a\x05\x0a\x01x\x12\x00\x22\x02\x08\x1b"s, "is a frozen graph of TensorFlow");
  expect_told("\x0e\x00\x00\x00\x00\x00\x00\x00{\"a\":{\"b\": 1}}"s, "holds weights alone");
}

TEST_F(FileKinds, ZipArchivesByWhatTheyHold) {
  const auto told = [&](const std::vector<std::pair<std::string, std::string>> &entries, const std::string &part) {
    write_zip(folder_ / "zip", entries);
    std::ifstream stream(folder_ / "zip", std::ios::binary);
    expect_told({std::istreambuf_iterator<char>(stream), {}}, part);
  };
  told({{"net/data.pkl", "x"}, {"net/data/0", "y"}}, "is a PyTorch file");
  told({{"arr_0.npy", "x"}}, "is a file of NumPy's arrays");
  told({{"model/saved_model.pb", "x"}}, "is a packed TensorFlow SavedModel");
  told({{"resnet.onnx", "x"}}, "is a zip archive with a .onnx file in it");
  told({{"readme.txt", "x"}}, "is a zip archive, but not a .keras file");
}

TEST_F(FileKinds, FoldersByWhatTheyHold) {
  const auto path = folder_ / "net";
  std::filesystem::create_directory(path);
  const auto told = [&](const std::string &part) {
    expect_error([&] { load_model({path.string(), "", ""}); }, path.string() + ": " + part);
  };
  told("is a folder, not a file");
  std::ofstream(path / "saved_model.pb") << "x";
  told("is a TensorFlow SavedModel");
}

TEST_F(FileKinds, ModelsAreReadUnderAnyName) {
  OnnxBuilder onnx;
  onnx.node("Relu", {"x"}, "relu");
  onnx.output("relu");
  write_keras(folder_ / "keras",
              keras_sequential("net", {keras_input("i", {nullptr, 8, 8, 3}), keras_layer("ReLU", "r")}), {});
  std::ifstream stream(folder_ / "keras", std::ios::binary);
  const std::string keras{std::istreambuf_iterator<char>(stream), {}};
  for (const char *name : {"a.onnx", "a.h5", "a.keras", "a.hdf5", "a.bin", "a"}) {
    onnx.save(folder_ / name);
    EXPECT_EQ(load_model({(folder_ / name).string(), "", ""}).graph.nodes.back().name, "relu") << name;
    put(name, keras);
    EXPECT_EQ(load_model({(folder_ / name).string(), "", ""}).graph.nodes.back().name, "r") << name;
  }
  EXPECT_TRUE(names_model_file((folder_ / "a").string()));
  EXPECT_FALSE(names_model_file("alexnet"));
  EXPECT_FALSE(names_model_file("nothing"));
}

TEST_F(FileKinds, WeightsAndLabelsToo) {
  const auto pointer = put("w.safetensors", "version https://git-lfs.github.com/spec/v1\n");
  expect_error([&] { load_model({"alexnet", pointer.string(), ""}); }, pointer.string() + ": is a Git LFS pointer");
  expect_error([&] { read_labels(pointer, 2, "net"); }, pointer.string() + ": is a Git LFS pointer");
  const auto page = put("labels.txt", "<!doctype html>\n<p>\n");
  expect_error([&] { read_labels(page, 2, "net"); }, "is a web page (HTML)");
  const auto two = put("two.txt", "cat\ndog\n");
  EXPECT_EQ(read_labels(two, 2, "net"), (std::vector<std::string>{"cat", "dog"}));
  EXPECT_EQ(read_labels(two, 1, "net"), std::vector<std::string>{"dog"}); // the one unit's
  const auto list = put("list.json", R"(["cat", "dog"])");
  expect_error([&] { read_labels(list, 2, "net"); }, "is JSON");
}

} // namespace
} // namespace convscope
