// Any text must either be read as records, or be refused with the place. What it makes of a state can be written down
// in both forms and read again; and from what its first half makes, the difference leads to the whole and back.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "config/check/check.h"
#include "config/difference.h"
#include "config/rebase.h"
#include "config/snapshot.h"
#include "config/state.h"
#include "config/state_file/reader.h"
#include "config/state_file/writer.h"

using namespace seki;

namespace {

constexpr size_t max_records = 64;

void apply(config::State& state, command::Request request) {
    auto checked = config::check(std::move(request));
    SEKI_CHECK(checked.has_value());
    SEKI_CHECK(state.apply(*checked).has_value());
}

// Those that can be applied one after another are, the others are passed over.
std::vector<config::State> states_of(std::string_view text, config::StateForm form) {
    std::vector<config::State> states(1);
    config::StateFileReader reader(text, form);
    for (size_t count = 0; count < max_records; ++count) {
        auto record = reader.next();
        if (!record) {
            SEKI_CHECK(!record.error().message.empty());
            return states;
        }
        if (!*record) return states;
        SEKI_CHECK((*record)->byte <= text.size());
        if (!config::is_change((*record)->request)) continue;
        const auto checked = config::check(std::move((*record)->request));
        if (!checked) continue;
        config::State next = states.back().copy();
        if (next.apply(*checked)) states.push_back(std::move(next));
    }
    return states;
}

void check_written(const config::State& state, config::StateForm form) {
    std::string text;
    uint64_t number = 0;
    config::Snapshot walk(state);
    for (command::Request change; walk.next(change); change.Clear())
        config::append_record(text, form, number++, change);
    config::State read;
    config::StateFileReader reader(text, form);
    for (uint64_t at = 0; at < number; ++at) {
        auto record = reader.next();
        SEKI_CHECK(record && *record);
        apply(read, std::move((*record)->request));
    }
    SEKI_CHECK(read.same_as(state));
}

void check_difference(const config::State& from, const config::State& to) {
    config::State state = from.copy();
    for (command::Request& change : config::diff(from, to)) apply(state, std::move(change));
    SEKI_CHECK(state.same_as(to));
    if (from.same_as(to)) SEKI_CHECK(config::differences(from, to, max_records).vec().empty());
    const auto rebased = config::rebase(from, to, from);
    SEKI_CHECK(rebased && rebased->same_as(to));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) return 0;
    const auto form = data[0] == 'P' ? config::StateForm::protobuf : config::StateForm::json;
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::vector<config::State> states = states_of(text, form);
    const config::State& half = states[states.size() / 2];
    check_written(states.back(), config::StateForm::json);
    check_written(states.back(), config::StateForm::protobuf);
    check_difference(half, states.back());
    check_difference(states.back(), half);
    return 0;
}
