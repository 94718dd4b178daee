#pragma once

// What this process was before it became this program: a supervisor, of whatever version, that left everything open.
// Who cannot take it over gives it back, by becoming that program again, which then goes on as if nothing had happened.

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "command/sealed_frames.h"
#include "handover.pb.h"
#include "supervisor/handover/executable.h"

namespace seki::supervisor {

class Inheritance {
public:
    // For Executable::Call: what the next program finds by `of_environment`.
    struct Note {
        const command::SealedFrames::Memory& memory;  // of a Handover
        const Executable& former;                     // who can have it back
        bool trial = false;                           // it is only to see whether it could
        std::string refused{};                        // given back, for this reason
    };
    static Executable::Call call_with(const Note& note, const handover::Handover& left);

    // Nothing in an ordinary start. Takes the note out of the environment.
    static Result<std::optional<Inheritance>> of_environment();
    [[nodiscard]] static bool is_there();

    // What is said on stderr, and nothing else, by who could take over.
    static constexpr const char* promise = "seki can take over";

    [[nodiscard]] const handover::Handover& left() const noexcept { return left_; }
    [[nodiscard]] bool is_trial() const noexcept { return trial_; }
    // Why the executable that was to take over gave it back; empty when we are the one that is to.
    [[nodiscard]] const std::string& refused() const noexcept { return refused_; }
    [[nodiscard]] const Executable& former() const noexcept { return former_; }

    // Becomes the former program again, with these variables ("NAME=value") besides. Returns only why that cannot be.
    [[nodiscard]] Failure give_back(const std::string& reason, const std::vector<std::string>& variables) const;
    // Who took over has copies of all of it: what was left is closed.
    void close() const;

private:
    Inheritance(command::SealedFrames::Memory memory, Executable former)
        : memory_(std::move(memory)), former_(std::move(former)) {}

    command::SealedFrames::Memory memory_;
    Executable former_;
    handover::Handover left_;
    bool trial_ = false;
    std::string refused_;
};

}  // namespace seki::supervisor
