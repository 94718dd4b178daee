#pragma once

// A program that this process may become, or try out first: opened once, so that what is tried out is what runs then,
// whatever happens to the file.

#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace seki::supervisor {

class Executable {
public:
    // At the path that the one that runs was started from: another one, since a package was installed.
    static Result<Executable> installed();
    // The one that runs, also when there is no file of it any more.
    static Result<Executable> running();
    explicit Executable(UniqueFd file) : file_(std::move(file)) {}

    [[nodiscard]] Result<Executable> copy() const;
    [[nodiscard]] int fd() const noexcept { return file_.get(); }

    // With our own arguments, and our environment with `variables` ("NAME=value") besides.
    struct Call {
        std::vector<std::string> variables;
        std::vector<int> keep;  // descriptors that stay open
    };
    // In place of this program; returns only why that cannot be.
    [[nodiscard]] Failure become(const Call& call) const;
    // As a child; it has to end with 0, having printed `promise` on stderr. What it prints else is the reason why not.
    // Waits, so it is for a copy of this process (ForkedTask).
    [[nodiscard]] Result<> try_out(const Call& call, const std::string& promise) const;

private:
    UniqueFd file_;
};

}  // namespace seki::supervisor
