// The session beside the caller's transaction over which clones are made and dropped.
#pragma once

#include <string>

#include "engine/pool.hpp"
#include "server/catalog.hpp"
#include "server/catalog_template.hpp"
#include "server/kept_session.hpp"

namespace mad::pg {

class PoolControl {
 public:
    explicit PoolControl(const Branch& branch);
    PoolControl(const PoolControl&) = delete;
    PoolControl& operator=(const PoolControl&) = delete;

    std::string clone();
    FillReport fill(std::size_t size, Surplus surplus);
    void trim(std::size_t size);
    void drop_orphan(const std::string& database);
    /// Where more calls may follow.
    void keep() { control_.keep(); }

 private:
    PoolSession session();
    template <typename Result>
    Result complete(Task<Result> task);

    const std::string branch_;
    CatalogTemplate template_;
    KeptSession control_;
};

}  // namespace mad::pg
