// A site of one layer of ten thousand units, as they could be: some dead, with ties, no pictures.
#pragma once

#include "microscope/names.h"
#include "microscope/site.h"

namespace convscope {

inline Site site_of_ten_thousand_units() {
  Site site;
  site.net = "toy";
  SiteLayer layer{
      {1, "<conv> & \"co\"", "Conv", folder_names({"<conv> & \"co\""}).front(), {10000, 7, 7}, {}, ""}, {}, {}};
  for (int unit = 0; unit < 10000; ++unit) {
    SiteUnit u;
    u.unit = unit;
    u.views[0] =
        Record{"w", unit % 9 ? Record::State::done : Record::State::dead, unit * 0.37, 512, 128, 128, false, ""};
    u.before = u.behind = {{1, 9999 - unit, 0.5F}, {1, unit, 0.25F}};
    layer.units.push_back(u);
    layer.layer.units.push_back(unit);
  }
  site.names[1] = layer.layer.name;
  site.layers.push_back(layer);
  return site;
}

} // namespace convscope
