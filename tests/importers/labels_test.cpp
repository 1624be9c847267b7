#include "importer/labels.h"

#include <fstream>

#include "importers/expect_error.h"
#include "importers/temporary.h"

namespace convscope {
namespace {

TEST(Labels, OneALine) {
  const TemporaryFolder folder;
  const auto file = folder / "labels.txt";
  const auto put = [&](std::string_view text) { std::ofstream(file, std::ios::binary) << text; };
  const std::vector<std::string> expected{"cat", "", "Kätzchen, 猫"};
  put("cat\n\nKätzchen, 猫\n");
  EXPECT_EQ(read_labels(file, 3, "net"), expected);
  put("\xef\xbb\xbf"
      "cat \r\n\r\nKätzchen, 猫");
  EXPECT_EQ(read_labels(file, 3, "net"), expected);
  expect_error([&] { read_labels(file, 4, "net.onnx"); }, "labels.txt: has 3 lines, but net.onnx has 4 classes");
  for (const std::string_view wrong :
       {std::string_view("c\xe4t\n"), std::string_view("a\0b\n", 4), std::string_view("\xc0\xaf\n"),
        std::string_view("\xed\xa0\x80\n"), std::string_view("\xf5\x80\x80\x80\n"), std::string_view("cat\n\xe7\x8c"),
        std::string_view("\x1b[31m\n")}) {
    put(wrong);
    expect_error([&] { read_labels(file, 1, "net"); }, "labels.txt: is no text in UTF-8");
  }
  expect_error([&] { read_labels(folder / "gone.txt", 1, "net"); }, "gone.txt: no such file");
}

TEST(Labels, OfUsualHeads) {
  EXPECT_EQ(usual_labels(1000).at(281), "tabby, tabby cat");
  EXPECT_EQ(usual_labels(1001).at(0), "background");
  EXPECT_EQ(usual_labels(1001).at(282), "tabby, tabby cat");
  EXPECT_TRUE(usual_labels(10).empty());
  EXPECT_TRUE(usual_labels(0).empty());
}

} // namespace
} // namespace convscope
