// Witness: is told of each step before and after it runs, and can refuse it.
#pragma once

#include <string>

#include "core/plan.hpp"

namespace mad {

class Witness {
 public:
    Witness() = default;
    Witness(const Witness&) = delete;
    Witness& operator=(const Witness&) = delete;
    virtual ~Witness() = default;

    /// Throws Failure to have the step not run.
    virtual void before_step(const std::string& database, const Step& step) = 0;
    virtual void after_step(const std::string& database, const Step& step) = 0;
};

}  // namespace mad
