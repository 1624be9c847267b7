// fetch() against servers that are slow, cut off, wrong or hostile.
#include "fetch/download.h"

#include <chrono>
#include <cstdlib>

#include <gmock/gmock.h>

#include "fetch/digest.h"
#include "fetch/server.h"
#include "fetch/stall_clock.h"
#include "unit/scratch.h"

namespace convscope {
namespace {

namespace fs = std::filesystem;

// 300,000 bytes in no pattern that a shift would leave as it is.
std::string some_bytes() {
  std::string bytes;
  std::uint32_t state = 1;
  while (bytes.size() < 300000) {
    state = state * 1664525U + 1013904223U;
    bytes += static_cast<char>(state >> 24);
  }
  return bytes;
}

// The calls of a second each until the clock finds the server silent; `most` where it never does.
int calls_until_stalled(StallClock &clock, StallClock::Time from, std::uint64_t bytes, std::uint64_t rate, int most) {
  for (int call = 1; call < most; ++call)
    if (clock.stalled(from + std::chrono::seconds(call), bytes += rate))
      return call;
  return most;
}

TEST(StallClock, FindsSilenceInTime) {
  StallClock from_the_start(5, {});
  EXPECT_EQ(calls_until_stalled(from_the_start, {}, 0, 0, 100), 5);
  StallClock after_much(5, {});
  EXPECT_FALSE(after_much.stalled(StallClock::Time(std::chrono::seconds(1)), 1000000));
  EXPECT_EQ(calls_until_stalled(after_much, StallClock::Time(std::chrono::seconds(1)), 1000000, 0, 100), 5);
}

TEST(StallClock, KnowsSlowFromNextToNothing) {
  StallClock slow(5, {}), trickle(5, {});
  EXPECT_EQ(calls_until_stalled(slow, {}, 0, StallClock::slowest, 1000), 1000);
  EXPECT_EQ(calls_until_stalled(trickle, {}, 0, StallClock::slowest - 1, 1000), 5);
}

TEST(StallClock, CountsNoPauseOfTheProgramItself) {
  StallClock clock(5, {});
  const StallClock::Time woken(std::chrono::hours(8));
  EXPECT_FALSE(clock.stalled(woken, 0));
  EXPECT_EQ(calls_until_stalled(clock, woken, 0, 0, 100), 3);
  EXPECT_TRUE(clock.stalled({}, 0)); // time that runs back counts nothing, and takes nothing away
}

class Fetch : public ::testing::Test {
protected:
  Fetch() {
    // The test's own server is not to be sought through a proxy.
    setenv("no_proxy", "127.0.0.1", 1);
    folder.put("original", bytes);
    md5 = md5_of_file(folder / "original");
    fs::remove(folder / "original");
  }

  Fetched fetch_from(const Server &server, const std::string &at = "/net.h5") {
    return fetch(download(server.url(at)), [this](std::uint64_t here, std::uint64_t total) {
      last_here = here;
      last_total = std::max(last_total, total);
      return true;
    });
  }
  Download download(const std::string &url) const {
    Download what{url, target, md5};
    what.stall_seconds = stall_seconds;
    what.attempts = attempts;
    what.largest = largest;
    return what;
  }
  static std::string read(const fs::path &file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  void expect_whole() const {
    EXPECT_TRUE(read(target) == bytes);
    EXPECT_EQ(folder.entries(), 1);
  }
  void expect_nothing() const { EXPECT_EQ(folder.entries(), 0); }

  const std::string bytes = some_bytes();
  std::string md5;
  Scratch folder;
  const fs::path target = folder / "net.h5", part = folder / "net.h5.part";
  int stall_seconds = 20, attempts = 4;
  std::uint64_t largest = 1 << 20, last_here = 0, last_total = 0;
};

TEST_F(Fetch, KnowsMd5) {
  EXPECT_EQ(md5_of_file(folder.put("x", "")), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(md5_of_file(folder.put("x", "abc")), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_NE(complaint([&] { md5_of_file(folder / "none"); }).find("none"), std::string::npos);
}

TEST_F(Fetch, BringsAFile) {
  const Server server([&](const Request &request, const Connection &to) { send_file(request, to, bytes); });
  EXPECT_EQ(fetch_from(server), Fetched::whole);
  expect_whole();
  EXPECT_EQ(last_here, bytes.size());
  EXPECT_EQ(last_total, bytes.size());
  EXPECT_EQ(server.requests().size(), 1U);
  EXPECT_FALSE(server.requests()[0].range);
  EXPECT_EQ(fetch_from(server), Fetched::was_there);
  EXPECT_EQ(server.requests().size(), 1U);
  folder.put("net.h5", "another file");
  EXPECT_EQ(fetch_from(server), Fetched::whole);
  expect_whole();
}

TEST_F(Fetch, TakesAFileOfUnknownLength) {
  const Server server([&](const Request &, const Connection &to) {
    to.head("200 OK", {});
    to.send(bytes);
  });
  EXPECT_EQ(fetch_from(server), Fetched::whole);
  expect_whole();
}

TEST_F(Fetch, GoesOnAfterACut) {
  const Server server([&](const Request &request, const Connection &to) {
    if (request.range)
      return send_file(request, to, bytes);
    to.head("200 OK", {"Content-Length: " + std::to_string(bytes.size())});
    to.send(std::string_view(bytes).substr(0, 150000));
  });
  EXPECT_EQ(fetch_from(server), Fetched::whole);
  expect_whole();
  ASSERT_EQ(server.requests().size(), 2U);
  EXPECT_EQ(server.requests()[1].range, 150000U);
}

TEST_F(Fetch, GoesOnAtTheNextCall) {
  bool up = false;
  const Server server([&](const Request &request, const Connection &to) {
    if (up)
      return send_file(request, to, bytes);
    if (request.range)
      return;
    to.head("200 OK", {"Content-Length: " + std::to_string(bytes.size())});
    to.send(std::string_view(bytes).substr(0, 100000));
  });
  EXPECT_NE(complaint([&] { fetch_from(server); }).find("the same command goes on"), std::string::npos);
  EXPECT_FALSE(fs::exists(target));
  EXPECT_EQ(fs::file_size(part), 100000U);
  up = true;
  EXPECT_EQ(fetch_from(server), Fetched::whole);
  expect_whole();
  EXPECT_EQ(server.requests().back().range, 100000U);
}

TEST_F(Fetch, GivesUpWhereEveryAttemptIsCut) {
  const Server server([&](const Request &request, const Connection &to) {
    const std::size_t from = request.range.value_or(0);
    to.head(from > 0 ? "206 Partial Content" : "200 OK",
            {"Content-Range: bytes " + std::to_string(from) + "-299999/300000",
             "Content-Length: " + std::to_string(bytes.size() - from)});
    to.send(std::string_view(bytes).substr(from, 1000));
  });
  EXPECT_NE(complaint([&] { fetch_from(server); }).find("cut after 4000 of 300000 bytes"), std::string::npos);
  EXPECT_FALSE(fs::exists(target));
  EXPECT_EQ(server.requests().size(), 4U);
}

TEST_F(Fetch, BeginsAnewWhereAServerKnowsNoRanges) {
  folder.put("net.h5.part", std::string_view(bytes).substr(0, 1234));
  const Server server([&](const Request &, const Connection &to) { send_file({}, to, bytes); });
  EXPECT_EQ(fetch_from(server), Fetched::whole);
  expect_whole();
  EXPECT_EQ(server.requests().front().range, 1234U);
}

TEST_F(Fetch, BeginsAnewWhereTheRangeIsAnother) {
  folder.put("net.h5.part", std::string_view(bytes).substr(0, 1234));
  const Server server([&](const Request &request, const Connection &to) {
    send_file(request.range ? Request{request.target, 1000} : request, to, bytes);
  });
  EXPECT_EQ(fetch_from(server), Fetched::whole);
  expect_whole();
}

TEST_F(Fetch, ForgetsAPartThatIsWrong) {
  const Server server([&](const Request &request, const Connection &to) { send_file(request, to, bytes); });
  folder.put("net.h5.part", std::string(5000, 'x'));
  EXPECT_EQ(fetch_from(server), Fetched::whole);
  expect_whole();
  EXPECT_EQ(server.requests().size(), 2U);
  fs::remove(target);
  folder.put("net.h5.part", std::string(400000, 'x')); // longer than the file
  EXPECT_EQ(fetch_from(server), Fetched::whole);
  expect_whole();
  fs::remove(target);
  folder.put("net.h5.part", bytes); // whole, but for its name
  EXPECT_EQ(fetch_from(server), Fetched::whole);
  expect_whole();
}

TEST_F(Fetch, DiscardsWrongAndShortContent) {
  std::string sent = bytes;
  sent[200000] ^= 1;
  const Server server([&](const Request &, const Connection &to) { send_file({}, to, sent); });
  EXPECT_NE(complaint([&] { fetch_from(server); }).find("discarded: 300000 bytes with MD5"), std::string::npos);
  expect_nothing();
  sent = bytes.substr(0, 299999); // a wrong length, which its head confirms
  EXPECT_NE(complaint([&] { fetch_from(server); }).find("discarded: 299999 bytes"), std::string::npos);
  expect_nothing();
  sent = "";
  EXPECT_NE(complaint([&] { fetch_from(server); }).find("discarded: 0 bytes"), std::string::npos);
  expect_nothing();
  folder.put("net.h5", "an older file");
  sent = "<html>Please log in</html>";
  complaint([&] { fetch_from(server); });
  EXPECT_EQ(read(target), "an older file");
  EXPECT_EQ(folder.entries(), 1);
}

TEST_F(Fetch, TakesNoEndlessFile) {
  const Server server([&](const Request &, const Connection &to) {
    to.head("200 OK", {});
    for (int i = 0; i < 40; ++i)
      to.send(bytes);
  });
  EXPECT_NE(complaint([&] { fetch_from(server); }).find("more than 1048576 bytes"), std::string::npos);
  EXPECT_FALSE(fs::exists(target));
}

TEST_F(Fetch, TellsWhatTheServerAnswers) {
  std::string status = "404 Not Found";
  const Server server([&](const Request &, const Connection &to) {
    to.head(status, {"Content-Length: 5"});
    to.send("sorry");
  });
  const std::string error = complaint([&] { fetch_from(server); });
  EXPECT_NE(error.find(server.url("/net.h5")), std::string::npos);
  EXPECT_NE(error.find("404"), std::string::npos);
  status = "503 Service Unavailable";
  EXPECT_NE(complaint([&] { fetch_from(server); }).find("503"), std::string::npos);
  expect_nothing();
}

TEST_F(Fetch, FollowsRedirects) {
  std::string to_where = "/other";
  const Server server([&](const Request &request, const Connection &to) {
    if (request.target == "/net.h5") {
      to.head("302 Found", {"Location: " + to_where, "Content-Length: 5"});
      to.send("there");
    } else {
      send_file(request, to, bytes);
    }
  });
  EXPECT_EQ(fetch_from(server), Fetched::whole);
  expect_whole();
  fs::remove(target);
  to_where = "/net.h5";
  EXPECT_NE(complaint([&] { fetch_from(server); }).find("redirected more than 8 times"), std::string::npos);
  for (const std::string elsewhere : {"file:///etc/passwd", "ftp://127.0.0.1/net.h5"}) {
    to_where = elsewhere;
    EXPECT_NE(complaint([&] { fetch_from(server); }).find("no address in http or https"), std::string::npos);
  }
  expect_nothing();
}

TEST_F(Fetch, WaitsForSlowServersButNotForSilentOnes) {
  attempts = 1;
  stall_seconds = 5; // more than a loaded machine keeps the server waiting, less than the slow transfer takes
  const auto pausing = [this](double seconds) {
    return [this, seconds](const Request &, const Connection &to) {
      to.head("200 OK", {"Content-Length: " + std::to_string(bytes.size())});
      for (std::size_t at = 0; at < bytes.size(); at += 25000) {
        to.send(std::string_view(bytes).substr(at, 25000));
        to.wait(seconds);
      }
    };
  };
  const Server slow(pausing(0.6)), silent(pausing(60));
  EXPECT_EQ(fetch_from(slow), Fetched::whole);
  expect_whole();
  fs::remove(target);
  const auto start = std::chrono::steady_clock::now();
  EXPECT_THAT(complaint([&] { fetch_from(silent); }), testing::HasSubstr("nothing came for 5 s"));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
  EXPECT_FALSE(fs::exists(target));
  EXPECT_EQ(fs::file_size(part), 25000U);
}

TEST_F(Fetch, StopsWhenAsked) {
  const Server server([&](const Request &, const Connection &to) {
    to.head("200 OK", {"Content-Length: " + std::to_string(bytes.size())});
    to.send(std::string_view(bytes).substr(0, 100000));
    to.wait(60);
  });
  const Fetched how =
      fetch(download(server.url("/net.h5")), [](std::uint64_t here, std::uint64_t) { return here == 0; });
  EXPECT_EQ(how, Fetched::stopped);
  EXPECT_FALSE(fs::exists(target));
  EXPECT_TRUE(fs::exists(part));
}

TEST_F(Fetch, TellsWhenNobodyAnswers) {
  std::string url;
  {
    const Server gone([](const Request &, const Connection &) {});
    url = gone.url("/net.h5");
  }
  const auto always = [](std::uint64_t, std::uint64_t) { return true; };
  EXPECT_NE(complaint([&] { fetch(download(url), always); }).find(url), std::string::npos);
  EXPECT_NE(complaint([&] { fetch(download("file:///etc/passwd"), always); }).find("http"), std::string::npos);
  expect_nothing();
}

} // namespace
} // namespace convscope
