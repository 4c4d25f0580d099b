// How time moves when somebody waits.
#include "support/engine/fake_host.hpp"

#include <algorithm>
#include <stdexcept>

namespace mad::test {

FakeHost::FakeHost() = default;
FakeHost::~FakeHost() = default;

Readiness FakeHost::wait(std::span<const Interest> interests, Deadline deadline) {
    if (++waits == cancel_at) throw Cancelled();
    if (!deadline) throw std::logic_error("waiting for ever");
    const TimePoint start = now_;
    now_ = std::max(now_, *deadline);
    waited.push_back(std::chrono::duration_cast<std::chrono::milliseconds>(now_ - start));
    return Readiness(interests.size(), Events::none);
}

void FakeHost::say(const Notice& notice) {
    said.push_back(notice);
}

}  // namespace mad::test
