// The report of the failure that a body throws.
#pragma once

#include "core/failure.hpp"

namespace mad::test {

/// For a body that threw none: the test fails.
Report nothing_was_thrown();

template <typename Body>
Report failure_of(Body body) {
    try {
        body();
    } catch (const Failure& failure) {
        return failure.report();
    }
    return nothing_was_thrown();
}

}  // namespace mad::test
