#include "supervisor/handover/inheritance.h"

#include <charconv>
#include <cstdlib>
#include <fcntl.h>
#include <string_view>
#include <sys/prctl.h>
#include <unistd.h>
#include <utility>

#include "base/inherited.h"
#include "supervisor/handover/message.h"

namespace seki::supervisor {
namespace {

constexpr const char* place_variable = "SEKI_HANDOVER";  // "MEMORY BYTES FORMER", two descriptors and a size
constexpr const char* trial_variable = "SEKI_HANDOVER_TRIAL";
constexpr size_t max_reason_bytes = 4096;  // of what execve(2) takes in one variable
constexpr const char* refused_variable = "SEKI_HANDOVER_REFUSED";

struct Place {
    int memory;
    uint64_t bytes;
    int former;
};

template <typename Number>
bool take_number(std::string_view& text, Number& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc()) return false;
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    if (text.starts_with(' ')) text.remove_prefix(1);
    return true;
}

Result<Place> parse_place(std::string_view text) {
    Place place{};
    std::string_view rest = text;
    if (take_number(rest, place.memory) && take_number(rest, place.bytes) && take_number(rest, place.former) &&
        rest.empty() && place.memory > STDERR_FILENO && place.former > STDERR_FILENO)
        return place;
    return failure("{}: '{}' is not what a supervisor leaves", place_variable, text);
}

}  // namespace

Executable::Call Inheritance::call_with(const Note& note, const handover::Handover& left) {
    Executable::Call call;
    call.variables.push_back(
        fmt::format("{}={} {} {}", place_variable, note.memory.fd.get(), note.memory.bytes, note.former.fd()));
    if (note.trial) call.variables.push_back(fmt::format("{}=1", trial_variable));
    if (!note.refused.empty())
        call.variables.push_back(fmt::format("{}={}", refused_variable, note.refused.substr(0, max_reason_bytes)));
    call.keep = descriptors_of(left);
    call.keep.push_back(note.memory.fd.get());
    call.keep.push_back(note.former.fd());
    return call;
}

Result<std::optional<Inheritance>> Inheritance::of_environment() {
    const auto text = take_variable(place_variable);
    const bool trial = take_variable(trial_variable).has_value();
    std::string refused = take_variable(refused_variable).value_or("");
    if (!text) return std::nullopt;
    const auto place = parse_place(*text);
    if (!place) return std::unexpected(place.error());
    // Who is run by descriptor is called after its number (execveat(2)).
    ::prctl(PR_SET_NAME, "seki");
    Inheritance inheritance({UniqueFd(place->memory), place->bytes}, Executable(UniqueFd(place->former)));
    inheritance.trial_ = trial;
    inheritance.refused_ = std::move(refused);
    auto left = read_handover(inheritance.memory_);
    if (left) {
        inheritance.left_ = std::move(*left);
        return inheritance;
    }
    if (trial || !inheritance.refused_.empty()) return std::unexpected(left.error());
    return failure("{}; nor can it be given back: {}", left.error().message,
                   inheritance.give_back(left.error().message, {}).message);
}

bool Inheritance::is_there() { return std::getenv(place_variable) != nullptr; }

Failure Inheritance::give_back(const std::string& reason, const std::vector<std::string>& variables) const {
    auto call = call_with({.memory = memory_, .former = former_, .refused = reason}, left_);
    call.variables.insert(call.variables.end(), variables.begin(), variables.end());
    return former_.become(call);
}

void Inheritance::close() const {
    for (const int number : descriptors_of(left_)) ::close(number);
}

}  // namespace seki::supervisor
