// A site's pages: checked by tidy, and used in a browser.
#ifndef _WIN32

#include <cstdlib>
#include <iostream>
#include <random>

#include "figure/page.h"
#include "microscope/pages/html.h"
#include "microscope/site_fixture.h"
#include "microscope/sprites.h"
#include "unit/large_site.h"

namespace convscope {
namespace {

using MicroscopePages = MicroscopeTest;

bool has_program(const std::string &name) { return std::system(("command -v " + name + " >/dev/null").c_str()) == 0; }

TEST_F(MicroscopePages, PagesAreWellFormed) {
  if (!has_program("tidy"))
    GTEST_SKIP() << "tidy is not installed";
  made(command("site", {"--photo", cat_photo}));
  for (const auto &[name, text] : contents_of(path("site")))
    if (name.ends_with(".html")) {
      const std::string told = path("told").string();
      EXPECT_EQ(std::system(("tidy -q -e '" + path("site/" + name).string() + "' 2>'" + told + "'").c_str()), 0)
          << name << ": " << read_bytes(told);
    }
}

TEST_F(MicroscopePages, IsUsedInABrowser) {
  if (!has_program("chromium") || !has_program("python3"))
    GTEST_SKIP() << "chromium or python3 is not installed";
  make_photos(8);
  made(command("site", {"--channels", "0-4", "--negative", "--neuron", "--diversity", "2", "--images", "photos", "--db",
                        "seen.sqlite"}));
  for (const std::string layer : {"mixed", "../up"}) {
    const std::string told = path("told").string();
    const std::string call = "python3 '" CONVSCOPE_SOURCE_DIR "/tests/microscope/browser/site_check.py' '" +
                             path("site").string() + "' '" + layer + "' 3 >'" + told + "' 2>&1";
    EXPECT_EQ(std::system(call.c_str()), 0) << layer << ": " << read_bytes(told);
  }
}

// How long a page of ten thousand units takes to open, for who reads it: no machine must be so fast.
TEST_F(MicroscopePages, TenThousandUnitsOpen) {
  if (!has_program("chromium") || !has_program("python3"))
    GTEST_SKIP() << "chromium or python3 is not installed";
  const Site site = site_of_ten_thousand_units();
  const SiteStore store(path("site"), "net", "toy", SiteLock::Part::whole, 0);
  write_pages(site, store);
  ImageRgb8 sheet(sprite_side * sheet_columns, sprite_side * sheet_columns);
  std::mt19937 random(1);
  for (std::uint8_t &value : sheet.pixels) // worse to decode than any picture
    value = static_cast<std::uint8_t>(random());
  const std::string layer = site.layers[0].layer.folder;
  for (const std::string &name : store.list("sprites/" + layer))
    put_sheet(store, "sprites/" + layer + "/" + name, sheet, 84, "");
  const std::string told = path("told").string();
  const std::string call = "python3 '" CONVSCOPE_SOURCE_DIR "/tests/microscope/browser/open_time.py' '" +
                           path("site").string() + "' '" + layer + "' >'" + told + "' 2>&1";
  EXPECT_EQ(std::system(call.c_str()), 0) << read_bytes(told);
  std::cout << read_bytes(told);
}

} // namespace
} // namespace convscope

#endif
