// From decorrelated colours to red, green and blue: the square root of natural images' colour covariance, as Lucid has it.
const float COLOUR_NORM = 0.461952;
const mat3 COLOUR = mat3( // columns: what each decorrelated channel adds to r, g, b
    0.26 / COLOUR_NORM, 0.27 / COLOUR_NORM, 0.27 / COLOUR_NORM,
    0.09 / COLOUR_NORM, 0.0, -0.09 / COLOUR_NORM,
    0.02 / COLOUR_NORM, -0.05 / COLOUR_NORM, 0.03 / COLOUR_NORM);
