// A script's text as the parser reads it, and the errors that say where in it something is wrong.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/failure.hpp"

namespace mad {

class ScriptText {
 public:
    /// Drops a byte order mark and carriage returns before line feeds. Throws
    /// Failure(invalid_encoding).
    ScriptText(std::string_view raw, std::string_view filename);

    std::string_view view() const noexcept { return text_; }
    int line_at(std::size_t offset) const;

    /// Failure(invalid_script) whose DETAIL names the file, the line and then the `facts`.
    Failure invalid(int line, std::string message, std::string_view facts = {},
                    std::string hint = {}) const;
    /// Another part's failure, with the file and the line put before its DETAIL.
    Failure located(int line, const Failure& failure) const;

 private:
    std::string place(int line, std::string_view facts) const;

    std::string text_;
    std::string filename_;
};

}  // namespace mad
