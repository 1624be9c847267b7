// dot * max(0.1, dot / (1e-6 + |a|))^k over the whole layer: dot = <a, photo's a>.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "term_factors.glsl"

layout(binding = 3) readonly buffer Terms { CaricatureTerm terms[]; };

void main() {
  const CaricatureTerm t = terms[image()];
  const vec2 total = pair_totals();
  const float dot = total.x, norm = sqrt(total.y);
  const float ratio = dot / (1e-6 + norm);
  const float sharp = raised(max(0.1, ratio), t.power);
  vec2 factor = vec2(sharp, 0.0);
  if (ratio > 0.1 && t.power > 0.0) {
    const float by_ratio = t.power * dot * sharp / ratio;
    factor.x += by_ratio / (1e-6 + norm);
    factor.y = norm > 0.0 ? -by_ratio * ratio / (norm * (1e-6 + norm)) : 0.0;
  }
  if (lane() == 0)
    factors[image()] = t.weight * factor;
  store_value(t.weight * dot * sharp);
}
