// A gallery's images, which take turns in the batch.
#include <algorithm>

#include <fmt/format.h>

#include "visualization/optimization_state.h"
#include "visualization/random.h"

namespace convscope {

// Each member's first parameters are its own, whatever batch they are made in.
void Optimization::State::start_gallery() {
  std::vector<std::array<std::uint32_t, 2>> keys;
  for (const Objective &o : objectives)
    keys.push_back(philox_key(options.seed, o.canonical));
  for (int group = 0; group < options.gallery->groups; ++group)
    keys.push_back(philox_key(options.seed, fmt::format("common image {}", group)));
  const auto own = optimizer.read_images();
  std::vector<float> all;
  const auto total = keys.size() * static_cast<std::size_t>(parameterization.count());
  for (std::size_t first = 0; first < keys.size(); first += static_cast<std::size_t>(batch)) {
    auto states = own;
    for (std::size_t i = 0; i < states.size(); ++i) {
      const auto &key = keys[std::min(first + i, keys.size() - 1)];
      states[i].key0 = key[0];
      states[i].key1 = key[1];
    }
    plan.write(optimizer.images(), std::as_bytes(std::span(states)));
    SlicedRun(first_image, Variant::usual, slicing).run("making the first images");
    const auto made = plan.read_all<float>(tensors.parameters);
    all.insert(all.end(), made.begin(),
               made.begin() + static_cast<std::ptrdiff_t>(std::min(made.size(), total - all.size())));
  }
  plan.write(optimizer.images(), std::as_bytes(std::span(own)));
  gallery->write_start(all);
  const auto shared = Parameterization::share(plan, tensors, drawing);
  gallery->append_gather(drawing, shared.parameters);
  parameterization.append_image(drawing, shared);
  drawing.allocate();
}

void Optimization::State::choose_step() {
  const std::vector<int> images = gallery->drawn(options.seed, done);
  std::vector<Objective> of_step;
  for (const int i : images)
    of_step.push_back(objectives[static_cast<std::size_t>(i)]);
  gallery->choose(images, true);
  parts[canvases.drawn(done)]->objective.write_terms(of_step);
  chosen_for = done;
}

void Optimization::State::draw_gallery(const Optimization::ImageReader &read) {
  const int all = gallery->images();
  for (int first = 0; first < all; first += batch) {
    std::vector<int> members;
    for (int i = 0; i < batch; ++i)
      members.push_back(std::min(first + i, all - 1));
    gallery->choose(members, false);
    SlicedRun(drawing, Variant::usual, slicing).run("drawing the images of a gallery");
    read(first, std::min(batch, all - first), plan.slice(tensors.image));
  }
}

Array Optimization::State::gallery_images() {
  Array result{{gallery->images(), image.c, image.h, image.w}, {}};
  draw_gallery([&](int, int count, const vulkan::Slice &) {
    const auto made = plan.read_all<float>(tensors.image);
    result.data.insert(result.data.end(), made.begin(),
                       made.begin() + static_cast<std::ptrdiff_t>(count * (made.size() / std::size_t(batch))));
  });
  return result;
}

} // namespace convscope
