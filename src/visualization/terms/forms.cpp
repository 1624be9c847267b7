#include "visualization/terms/forms.h"

#include <array>

namespace convscope {

namespace {

constexpr TermNumber power{"k", 0, 0.0}, subtracted{"c", -1e6, std::nullopt};
constexpr Needs nothing, the_photo{true, false, false}, the_style{false, true, false}, company{false, false, true};

constexpr std::array<TermForm, 13> forms = {{
    {TermKind::channel, "", "layer:channel[@x,y[,WxH]|@center]", true, true, false, {}, nothing, channel_steps},
    {TermKind::mean_square, "", "layer", true, false, false, {}, nothing, channel_steps},
    {TermKind::direction, "direction", "direction(layer[@x,y|@center], v.npy[, k])", true, true, true, power, nothing,
     direction_steps},
    {TermKind::caricature, "caricature", "caricature(layer[, k])", true, false, false, power, the_photo,
     caricature_steps},
    {TermKind::match, "match", "match(layer)", true, false, false, {}, the_photo, match_steps},
    {TermKind::stay, "stay", "stay(layer)", true, false, false, {}, the_photo, stay_steps},
    {TermKind::style, "style", "style(layer)", true, false, false, {}, the_style, style_steps},
    {TermKind::diversity, "diversity", "diversity(layer)", true, false, false, {}, company, diversity_steps},
    {TermKind::alignment, "alignment", "alignment(layer)", true, false, false, {}, company, alignment_steps},
    {TermKind::tv, "tv", "tv", false, false, false, {}, nothing, variation_steps},
    {TermKind::l1, "l1", "l1(c)", false, false, false, subtracted, nothing, l1_steps},
    {TermKind::l2, "l2", "l2(c)", false, false, false, subtracted, nothing, l2_steps},
    {TermKind::blur, "blur", "blur", false, false, false, {}, nothing, blur_steps},
}};

} // namespace

std::span<const TermForm> term_forms() { return forms; }

const TermForm &form_of(TermKind kind) { return forms.at(static_cast<std::size_t>(kind)); }

} // namespace convscope
