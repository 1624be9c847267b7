// `convscope fetch` as a user runs it, with a manifest and a server of the test's own.
#include "program/program.h"

#include "fetch/digest.h"
#include "fetch/server.h"

namespace convscope {
namespace {

namespace fs = std::filesystem;

class FetchProgram : public ProgramTest {
protected:
  FetchProgram() : server([this](const Request &request, const Connection &to) { answer(request, to); }) {
    fs::create_directories(path("zoo"));
    put("original", weights);
    manifest(server.url("/keras/"));
    environment = {{"CONVSCOPE_WEIGHTS", path("zoo").string()},
                   {"XDG_CACHE_HOME", path("cache").string()},
                   {"no_proxy", "127.0.0.1"}};
  }

  void manifest(const std::string &url) const {
    const std::string md5 = md5_of_file(path("original"));
    const auto file = [&](const char *name, bool top) {
      return nlohmann::json{{"file", name}, {"top", top}, {"md5", md5}};
    };
    const nlohmann::json keras{{"preprocessing", "tf"},
                               {"license", "none"},
                               {"url", url},
                               {"files", {file("big.h5", true), file("small.h5", false)}}};
    const nlohmann::json net{{"name", "resnet50v2"},
                             {"description", "a net"},
                             {"note", ""},
                             {"default_size", 224},
                             {"safetensors_preprocessing", "tf"},
                             {"keras", keras}};
    put("zoo/manifest.json", nlohmann::json{{"nets", {net}}}.dump());
  }
  void answer(const Request &request, const Connection &to) const {
    if (!request.target.starts_with("/none/"))
      send_file(request, to, sent);
    else
      to.head("404 Not Found", {"Content-Length: 0"});
  }

  const std::string weights = std::string(100000, 'w');
  std::string sent = weights;
  Environment environment;
  Server server;
};

TEST_F(FetchProgram, PutsWeightsWhereTheZooFindsThem) {
  EXPECT_NE(run({"layers", "--model", "resnet50v2"}, environment).out, "");
  const Arguments classify{"classify", "--model", "resnet50v2", "--image", cat_photo};
  const Result before = run(classify, environment);
  EXPECT_EQ(before.status, 2);
  EXPECT_NE(before.err.find("convscope fetch resnet50v2"), std::string::npos) << before.told;
  const Result fetched = run({"fetch", "resnet50v2"}, environment);
  EXPECT_EQ(fetched.status, 0) << fetched.told;
  EXPECT_EQ(fetched.out, "");
  const std::string file = path("cache/convscope/weights/big.h5").string();
  EXPECT_NE(fetched.err.find(file), std::string::npos) << fetched.told;
  EXPECT_TRUE(read_bytes(file) == weights);
  EXPECT_FALSE(fs::exists(file + ".part"));
  EXPECT_EQ(server.requests().at(0).target, "/keras/big.h5");

  const auto models = parse_json(run({"models", "--json"}, environment).out);
  EXPECT_EQ(models[0]["weights"], file);
  EXPECT_EQ(models[0]["works"], true);
  // It is taken, and found to be no HDF5 file.
  EXPECT_NE(run(classify, environment).err.find(file), std::string::npos);

  EXPECT_NE(run({"fetch", "resnet50v2"}, environment).err.find("already there"), std::string::npos);
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST_F(FetchProgram, OtherFilesFromOtherPlaces) {
  const Result result =
      run({"fetch", "resnet50v2", "--no-top", "--mirror", server.url("/my"), "--to", "here/and/there"}, environment);
  EXPECT_EQ(result.status, 0) << result.told;
  EXPECT_TRUE(bytes("here/and/there/small.h5") == weights);
  EXPECT_EQ(server.requests().at(0).target, "/my/small.h5");
}

TEST_F(FetchProgram, HonoursProxies) {
  manifest("http://weights.example/keras/");
  environment["http_proxy"] = server.url("");
  const Result result = run({"fetch", "resnet50v2"}, environment);
  EXPECT_EQ(result.status, 0) << result.told;
  EXPECT_EQ(server.requests().at(0).target, "http://weights.example/keras/big.h5");
}

TEST_F(FetchProgram, RefusesWhatIsWrong) {
  const auto refused_with = [&](const Arguments &arguments, const std::string &word) {
    const Result result = run(arguments, environment);
    EXPECT_EQ(result.status, 2) << result.told;
    EXPECT_EQ(result.out, "") << result.told;
    EXPECT_NE(result.err.find(word), std::string::npos) << result.told;
    return result;
  };
  refused_with({"fetch"}, "net");
  refused_with({"fetch", "resnet50"}, "did you mean 'resnet50v2'?");
  refused_with({"fetch", "resnet50v2", "--mirror", "ftp://127.0.0.1"}, "--mirror");
  refused_with({"fetch", "resnet50v2", "--to", "original"}, "original");
  sent[5] = 'x';
  refused_with({"fetch", "resnet50v2"}, "MD5");
  sent = weights;
  refused_with({"fetch", "resnet50v2", "--mirror", server.url("/none")}, "404");
  EXPECT_FALSE(fs::exists(path("cache/convscope/weights/big.h5")));
  EXPECT_FALSE(fs::exists(path("cache/convscope/weights/big.h5.part")));
}

} // namespace
} // namespace convscope
