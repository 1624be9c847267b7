// Parameters to image and back. A spectrum (n, 3, H, W/2+1, 2) is held as a Tensor (n, 3, H, 2 * (W/2+1)) with real
// and imaginary parts interleaved, as the npy files and the device have it.
#pragma once

#include <vector>

#include "reference/tensor.h"

namespace convscope::reference {

// (H, W/2+1): sqrt(HW) / max(f, 1/max(H,W))^decay, f in cycles per pixel
std::vector<double> spectrum_scale(int height, int width, double decay = 1);

// Inverse real transform normalised by 1/(HW): (n, c, H, 2*(W/2+1)) -> (n, c, H, W). As numpy's and PyTorch's: the
// imaginary parts of the DC column (and Nyquist, for even W) are ignored after the inverse transform along H.
Tensor irfft2(const Tensor &spectrum, int width);
// (n, c, H, W) -> (n, c, H, 2*(W/2+1)), gradients of real and imaginary parts
Tensor irfft2_adjoint(const Tensor &grad);

// The middle of planes, and its adjoint: zeros around.
Tensor cropped(const Tensor &x, int height, int width);
Tensor cropped_adjoint(const Tensor &grad, int height, int width);

// rgb = C * x per pixel, (n, 3, h, w), and its transpose
Tensor colour(const Tensor &x);
Tensor colour_adjoint(const Tensor &grad);

// sigmoid(C * irfft2(spectrum * scale) / 4)
Tensor image_from_spectrum(const Tensor &spectrum, int width, double decay = 1);
// The gradient with respect to the spectrum, from that with respect to the image.
Tensor spectrum_gradient(const Tensor &grad, const Tensor &image, double decay = 1);

// The same of planes that have no colours, and of an image that is the middle of its spectrum's plane, `width` wide:
// sigmoid(gain * middle(irfft2(spectrum * scale))).
Tensor planes_from_spectrum(const Tensor &spectrum, int width, int image_h, int image_w, double gain, double decay = 1);
Tensor planes_gradient(const Tensor &grad, const Tensor &image, int height, int width, double gain, double decay = 1);

// sigmoid(C * pixels)
Tensor image_from_pixels(const Tensor &pixels);
Tensor pixels_gradient(const Tensor &grad, const Tensor &image);

} // namespace convscope::reference
