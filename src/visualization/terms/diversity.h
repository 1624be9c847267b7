// What it is to be worth to images of one objective to differ.
#pragma once

namespace convscope {

// The weight of `diversity` beside an objective of that value. A net's values are of any size: as much as the value, in
// hundreds, and the field's 100 at the least.
double diversity_weight(double value);

} // namespace convscope
