// libdeflate: whole-buffer compression in zlib's format, for the deflate filter of HDF5.
#ifndef CDEFLATE_SHIM_H
#define CDEFLATE_SHIM_H

#include <libdeflate.h>

#endif
