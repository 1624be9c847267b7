// All that pages tell, gathered from the site's folder and from the net: a function of these alone, whatever order the
// work was done in.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "importer/model.h"
#include "microscope/store.h"
#include "microscope/survey.h"
#include "microscope/ties.h"

namespace convscope {

// What a folder of photos tells of a unit. Kept as examples/<layer>/<unit>.json beside the sheet of the crops.
struct UnitExample {
  std::string file; // from the folder
  double value = 0;
  std::array<int, 4> box{};  // x, y, width, height in the photo
  int width = 0, height = 0; // of the crop in the sheet
  bool operator==(const UnitExample &) const = default;
};
struct UnitExamples {
  std::vector<UnitExample> top;
  std::int64_t photos = 0, excited = 0; // seen, and with a maximum above 0
  std::vector<double> edges;            // of the histogram of the photos' maxima
  std::vector<std::int64_t> counts;
  bool operator==(const UnitExamples &) const = default;
};
std::string to_text(const UnitExamples &examples);
std::optional<UnitExamples> read_examples(std::string_view text);
std::string examples_path(const std::string &layer, int unit, const char *extension); // "examples/conv1/3.json"
std::vector<std::string> examples_of_layer(const SiteStore &store, const std::string &layer);

struct SiteUnit {
  int unit = 0;
  std::array<std::optional<Record>, 3> views; // by View, but for
  std::map<int, Record> faces;
  std::optional<UnitExamples> examples;
  std::vector<Tie> before, behind;
  bool preview() const; // whether any picture is one
};
struct SiteCaricature {
  std::string stem;
  Record record;
};
struct SiteLayer {
  SurveyLayer layer; // its units are those of the site
  std::vector<SiteUnit> units;
  std::vector<SiteCaricature> caricatures;
  int done() const; // with a channel's picture
  int dead() const;
  bool whole() const { return static_cast<int>(units.size()) == layer.shape.c; }
};
struct Site {
  std::string net;
  std::map<NodeId, std::string> names; // of the layers that ties name
  std::vector<SiteLayer> layers;
  std::vector<SurveyLayer> atlases; // layers that have one
  bool preview() const;             // whether any picture is one
  std::int64_t units() const, done() const, dead() const;
};

// The ties of a site's units. They hang on the net and on which layers there are, and are computed when these change.
class SiteTies {
public:
  void add_to(const Model &model, Site &site);

private:
  struct OfUnit {
    std::vector<Tie> before, behind;
  };
  std::set<NodeId> stops_;                         // layers, whether the site has them or not
  std::map<NodeId, std::vector<OfUnit>> channels_; // of the site's layers
};

// Layers and units that are asked for, and those that have pictures from before.
Site gather_site(const Model &model, const Survey &survey, const SiteStore &store, SiteTies &ties);

// Writes all pages of it, sprites too: what has not changed is left alone. A batch that was lost is no harm.
void write_pages(const Site &site, const SiteStore &store);

} // namespace convscope
