// The only place that knows PostgreSQL versions: newer names, back-filled for older servers.
#pragma once

#include "server/prelude.hpp"

#if PG_VERSION_NUM < 150000
#error "mad_migrate needs PostgreSQL 15 or later"
#endif

namespace mad::pg {

/// A wait set that belongs to no resource owner: its C++ owner frees it.
inline WaitEventSet* create_wait_event_set(int events) {
#if PG_VERSION_NUM >= 170000
    return CreateWaitEventSet(nullptr, events);
#else
    return CreateWaitEventSet(TopMemoryContext, events);
#endif
}

/// nullptr where the process has ended.
inline PGPROC* process_of(const VirtualTransactionId& transaction) {
#if PG_VERSION_NUM >= 170000
    return ProcNumberGetProc(transaction.procNumber);
#else
    return BackendIdGetProc(transaction.backendId);
#endif
}

}  // namespace mad::pg
