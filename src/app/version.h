#pragma once

// The build says which it is; a compiler called by hand need not.
#ifndef CONVSCOPE_VERSION
#define CONVSCOPE_VERSION "0.1.0"
#endif
