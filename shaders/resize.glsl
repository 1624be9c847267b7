// Bilinear with half-pixel centres and clamped edges: output pixel o of an axis reads `low` and `low + 1`, clamped.
struct Tap {
  int low;
  float f; // weight of low + 1
};

Tap resize_tap(int o, float ratio) {
  precise float at = (float(o) + 0.5) * ratio - 0.5;
  const float low = floor(at);
  return Tap(int(low), at - low);
}

// What pixel i of an axis of `size` adds to that output pixel.
float resize_weight(Tap tap, int i, int size) {
  return (clamp(tap.low, 0, size - 1) == i ? 1.0 - tap.f : 0.0) + (clamp(tap.low + 1, 0, size - 1) == i ? tap.f : 0.0);
}
