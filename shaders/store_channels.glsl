// The end of a convolution whose thread has TILE_C channels of neighbouring pixels, with the epilogue. The including shader
// declares what vector_epilogue.glsl wants, WHOLE_WORDS (its channels are all of one word of the mask) and sum_quad(c, q): of
// channel c, the pixels from 4 q on.
//
// Unrolled: an index that varies would keep the sums in memory, where a CPU driver stores them lane by lane.

// Pixels pixel .. pixel + (count - 1) * STEP in the channels first .. first + channels - 1.
void store_channels(int n, int first, int channels, int q, int pixel, int count) {
  int plane = p.out_rows * p.out_cols;
  int first_of_mask = mask_channel(first, plane);
  int word = output_word(n, first_of_mask, pixel, plane);
  int start = WHOLE_WORDS ? 0 : first_of_mask % 32; // bit of the first channel
  bool two_words = !WHOLE_WORDS && start + channels > 32;
  uvec4 near = uvec4(0), far = uvec4(0); // bits of the channels in the first word, and in the next
  if ((EPILOGUE & EPILOGUE_MASK_READ) != 0) {
    near = read_mask_quad(word, count);
    if (two_words)
      far = read_mask_quad(word + plane, count);
  }
  [[unroll]] for (int c = 0; c < TILE_C; ++c)
    if (c < channels) {
      vec4 v = finish_quad(sum_quad(c, q), n, first + c, pixel, count, plane);
      bool is_far = start + c >= 32;
      if ((EPILOGUE & EPILOGUE_MASK_READ) != 0)
        v = masked_quad(v, is_far ? far : near, start + c);
      if ((EPILOGUE & EPILOGUE_MASK_WRITE) != 0) {
        uvec4 open = open_quad(v, p.low, p.high, start + c);
        near |= is_far ? uvec4(0) : open;
        far |= is_far ? open : uvec4(0);
      }
      store_finished(v, n, first + c, pixel, count, plane);
    }
  if ((EPILOGUE & EPILOGUE_MASK_WRITE) != 0) {
    if (WHOLE_WORDS) {
      store_mask_quad(near, word, count);
    } else { // the tile may share its words with others
      add_mask_quad(near, word, count);
      if (two_words)
        add_mask_quad(far, word + plane, count);
    }
  }
}
