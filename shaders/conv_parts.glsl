// Where the sum of a part of K lies: (parts, images, groups * out_c, out_h, out_w). The including shader declares `p`.
int conv_part(int part, int n, int g, int c, int oy, int ox) {
  return (((part * p.batch + n) * p.groups + g) * p.out_c + c) * p.out_h * p.out_w + oy * p.out_w + ox;
}
