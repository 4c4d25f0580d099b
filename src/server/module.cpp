// Loading the module.
#include "server/boundary.hpp"
#include "server/settings.hpp"
#include "server/worker.hpp"

extern "C" {
PG_MODULE_MAGIC;

void _PG_init(void);

void _PG_init(void) {
    mad::pg::enter([] {
        mad::pg::settings::define();
        if (process_shared_preload_libraries_in_progress) mad::pg::register_standing_workers();
    });
}
}
