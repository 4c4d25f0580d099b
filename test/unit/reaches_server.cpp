// Must not compile: built by a test that expects the compiler not to find this header.
#include "postgres.h"
