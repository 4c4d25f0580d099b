// Loading the module.
#include "server/boundary.hpp"
#include "server/settings.hpp"

extern "C" {
PG_MODULE_MAGIC;

void _PG_init(void);

void _PG_init(void) {
    mad::pg::enter([] { mad::pg::settings::define(); });
}
}
