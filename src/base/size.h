// Width and height in pixels.
#pragma once

namespace convscope {

struct Size {
  int width = 0, height = 0; // both 0: not given
  bool given() const { return width > 0 && height > 0; }
  bool operator==(const Size &) const = default;
};
constexpr Size square(int side) { return {side, side}; }

// As --input-size has it: "224" or "320x200".
struct InputSize {
  int side = 0; // of the square that the net gets, or the shorter one of a photo; 0: not given
  Size exact;   // instead
  bool given() const { return side > 0 || exact.given(); }
  Size size() const { return exact.given() ? exact : square(side); }
  bool operator==(const InputSize &) const = default;
};

} // namespace convscope
