/* SPDX-License-Identifier: GPL-3.0-or-later */
/* arrow: see arrow.h. */
#include "arrow.h"

/* White with a dark edge: seen on every ground. */
/* clang-format off */
static const char shape[ARROW_HEIGHT][ARROW_WIDTH + 1] = {
	"#           ",
	"##          ",
	"#.#         ",
	"#..#        ",
	"#...#       ",
	"#....#      ",
	"#.....#     ",
	"#......#    ",
	"#.......#   ",
	"#........#  ",
	"#.........# ",
	"#......#####",
	"#...#..#    ",
	"#..##..#    ",
	"#.#  #..#   ",
	"##   #..#   ",
	"#     #..#  ",
	"      #..#  ",
	"       ##   ",
};
/* clang-format on */

void arrow_paint(guint32 out_argb[ARROW_WIDTH * ARROW_HEIGHT])
{
	for (guint y = 0; y < ARROW_HEIGHT; y++)
		for (guint x = 0; x < ARROW_WIDTH; x++) {
			char pixel = shape[y][x];

			*out_argb++ = pixel == '#' ? 0xff000000 : pixel == '.' ? 0xffffffff : 0;
		}
}
