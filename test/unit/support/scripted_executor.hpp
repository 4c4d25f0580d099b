// An Executor that answers as a test says and remembers what it was asked.
#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/failure.hpp"
#include "engine/executor.hpp"
#include "engine/reactor.hpp"

namespace mad::test {

/// What a call gets; may throw.
using Answer = std::function<Rows()>;

inline Answer rows(Rows given) {
    return [given = std::move(given)] { return given; };
}
inline Answer failing(Report report) {
    return [report = std::move(report)]() -> Rows { throw Failure(report); };
}
inline Answer failing(std::string sqlstate) {
    return failing(Report{.sqlstate = std::move(sqlstate),
                          .message = "no",
                          .detail = {},
                          .hint = {},
                          .context = {},
                          .place = {},
                          .completed_statements = {}});
}

class ScriptedExecutor final : public Executor {
 public:
    explicit ScriptedExecutor(bool owns_transactions = true)
        : owns_transactions_(owns_transactions) {}

    Task<Rows> run(std::string sql) override { return answer(std::move(sql)); }
    Task<Rows> run_alone(std::string statement) override { return answer(std::move(statement)); }
    Task<Rows> transact(std::string script, std::string record) override {
        return answer(script + " | " + record);
    }
    bool owns_transactions() const noexcept override { return owns_transactions_; }
    Task<void> begin_rehearsal() override { co_await answer("begin rehearsal"); }
    Task<void> end_rehearsal() override { co_await answer("end rehearsal"); }

    /// Calls whose SQL holds `text` get one answer after the other, and the last one ever after.
    /// The first rule that fits applies; where none does there are no rows.
    void when(std::string text, std::vector<Answer> answers) {
        rules_.push_back({std::move(text), std::move(answers)});
    }
    /// From 1; comes before every rule.
    void fail_at(std::size_t call, Failure failure) {
        failing_call_ = call;
        failure_ = std::make_exception_ptr(std::move(failure));
    }
    /// Every call sleeps this long in the reactor before it is answered.
    void suspend(Reactor& reactor, std::chrono::milliseconds pause) {
        reactor_ = &reactor;
        pause_ = pause;
    }

    std::vector<std::string> asked;     // run: the SQL; transact: `script | record`
    std::vector<std::string> answered;  // those of them that did not fail
    int in_flight = 0;                  // coroutines of this executor that are alive

 private:
    struct Rule {
        std::string text;
        std::vector<Answer> answers;
        std::size_t next = 0;
    };
    class Presence {
     public:
        explicit Presence(int& count) : count_(count) { ++count_; }
        Presence(const Presence&) = delete;
        Presence& operator=(const Presence&) = delete;
        ~Presence() { --count_; }

     private:
        int& count_;
    };

    Task<Rows> answer(std::string sql) {
        const Presence presence(in_flight);
        asked.push_back(sql);
        const std::size_t call = asked.size();
        if (reactor_ != nullptr) {
            Reactor::Wait wait = reactor_->sleep_until(reactor_->host().now() + pause_);
            co_await wait;
        }
        if (call == failing_call_) std::rethrow_exception(failure_);
        Rows given = rows_for(sql);
        answered.push_back(std::move(sql));
        co_return given;
    }

    Rows rows_for(const std::string& sql) {
        for (Rule& rule : rules_) {
            if (sql.find(rule.text) == std::string::npos) continue;
            const std::size_t index = std::min(rule.next++, rule.answers.size() - 1);
            return rule.answers[index]();
        }
        return {};
    }

    bool owns_transactions_;
    std::vector<Rule> rules_;
    std::size_t failing_call_ = 0;
    std::exception_ptr failure_;
    Reactor* reactor_ = nullptr;
    std::chrono::milliseconds pause_{0};
};

}  // namespace mad::test
