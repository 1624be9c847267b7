// Where a Winograd tile lies: tiles of all images in a line, row by row. The including shader declares `p` (ConvParams) and
// TILE.
struct Place {
  int n, y, x; // image, and first pixel of the output
};

Place place_of(int index) {
  int tiles_w = (p.out_w + TILE - 1) / TILE;
  int an_image = (p.out_h + TILE - 1) / TILE * tiles_w;
  return Place(index / an_image, index % an_image / tiles_w * TILE, index % tiles_w * TILE);
}

// Of the tile after that: a CPU driver divides lane by lane.
Place next_place(Place at) {
  at.x += TILE;
  at.y += at.x >= p.out_w ? TILE : 0;
  at.x = at.x >= p.out_w ? 0 : at.x;
  at.n += at.y >= p.out_h ? 1 : 0;
  at.y = at.y >= p.out_h ? 0 : at.y;
  return at;
}
