// An Executor that answers as a test says and remembers what it was asked.
#pragma once

#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/failure.hpp"
#include "engine/executor.hpp"
#include "engine/reactor.hpp"

namespace mad::test {

/// What a call gets; may throw.
using Answer = std::function<Rows()>;

/// A row as a test writes it down.
using GivenRow = std::initializer_list<std::optional<std::string_view>>;

Answer rows(Rows given);
Answer rows(std::initializer_list<GivenRow> given);
Answer failing(std::string sqlstate);

class ScriptedExecutor final : public Executor {
 public:
    explicit ScriptedExecutor(bool owns_transactions = true);
    ~ScriptedExecutor() override;

    Task<Rows> run(std::string sql) override;
    Task<Rows> run_alone(std::string statement) override;
    Task<Rows> transact(std::string script, std::string record) override;
    bool owns_transactions() const noexcept override { return owns_transactions_; }
    Task<void> begin_rehearsal() override;
    Task<void> end_rehearsal() override;

    /// Calls whose SQL holds `text` get one answer after the other, and the last one ever after.
    /// The first rule that fits applies; where none does there are no rows.
    void when(std::string_view text, std::span<const Answer> answers);
    void when(std::string_view text, std::initializer_list<Answer> answers);
    /// From 1; comes before every rule.
    void fail_at(std::size_t call, Failure failure);
    /// Every call sleeps this long in the reactor before it is answered.
    void suspend(Reactor& reactor, std::chrono::milliseconds pause);

    std::vector<std::string> asked;     // run: the SQL; transact: `script | record`
    std::vector<std::string> answered;  // those of them that did not fail
    int in_flight = 0;                  // coroutines of this executor that are alive

 private:
    struct Rule {
        std::string text;
        std::vector<Answer> answers;
        std::size_t next = 0;
    };

    Task<Rows> answer(std::string sql);
    Rows rows_for(const std::string& sql);

    bool owns_transactions_;
    std::vector<Rule> rules_;
    std::size_t failing_call_ = 0;
    std::exception_ptr failure_;
    Reactor* reactor_ = nullptr;
    std::chrono::milliseconds pause_{0};
};

}  // namespace mad::test
