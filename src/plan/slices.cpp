#include "plan/slices.h"

#include <vector>

#include "plan/layout.h"

namespace convscope {

namespace {

struct Run {
  int count, stride;
};

// The steps from element to element of a slice, outer axes first; axes that follow one another in memory are one.
std::vector<Run> runs(const Shape &shape, const Shape &length) {
  std::vector<Run> result;
  for (const Run next : {Run{length.c, shape.h * shape.w}, Run{length.h, shape.w}, Run{length.w, 1}}) {
    if (next.count == 1)
      continue;
    if (!result.empty() && result.back().stride == next.count * next.stride)
      result.back() = {result.back().count * next.count, next.stride};
    else
      result.push_back(next);
  }
  return result;
}

// Slices a workgroup, where an image has so many. On a GPU lanes read elements that lie side by side: of one slice, or
// of as many slices as a cache line has room for. A CPU driver reads lane by lane, wherever that is, and pays for a
// lane that has nothing to read and for each barrier: there a lane does a whole slice, if enough workgroups are left.
std::uint32_t slices_at_once(std::int64_t slices, int stride, bool cpu) {
  const std::int64_t enough = cpu ? 8 : 512; // workgroups
  const std::uint32_t fewest = cpu ? 1 : 4;
  std::uint32_t most = cpu ? 64 : stride >= 16 ? 16 : 1;
  while (most > fewest && divide_up<std::int64_t>(slices, most) < enough)
    most /= 2;
  return most;
}

} // namespace

Slices slices_along(const Shape &shape, Axes axes, int batch, bool cpu, int channel_groups, double epsilon,
                    int channels_of_net) {
  const Shape slices{axes.c ? channel_groups : shape.c, axes.h ? 1 : shape.h, axes.w ? 1 : shape.w};
  const Shape of_net{axes.c || channels_of_net == 0 ? slices.c : channels_of_net, slices.h, slices.w};
  std::vector<Run> of_slice = runs(shape, {shape.c / slices.c, shape.h / slices.h, shape.w / slices.w});
  while (of_slice.size() < 2) // c and w with h between them is the only pair that stays one
    of_slice.insert(of_slice.begin(), {1, 1});
  const auto rounded = static_cast<float>(epsilon);
  Slices result;
  result.params = {batch,
                   shape.c,
                   shape.h,
                   shape.w,
                   slices.c,
                   slices.h,
                   slices.w,
                   of_slice[0].count,
                   of_slice[0].stride,
                   of_slice[1].count,
                   of_slice[1].stride,
                   rounded,
                   static_cast<float>(epsilon - static_cast<double>(rounded))};
  result.neighbours = slices_at_once(of_net.elements(), of_slice[1].stride, cpu);
  const auto [x, layers] = layered_groups(divide_up<std::int64_t>(slices.elements() * batch, result.neighbours));
  result.groups = {x, layers, 1};
  return result;
}

} // namespace convscope
