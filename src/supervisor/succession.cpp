#include "supervisor/succession.h"

#include <utility>

namespace seki::supervisor {

void Succession::begin(Settings settings) {
    settings_ = std::move(settings);
    to_replace_.assign(settings_.workers.begin(), settings_.workers.end());
    attempts_ = 0;
    sum_ = {};
    loop_.timers().arm(*this, loop_.now());
}

void Succession::replace_next() {
    // Who died meanwhile has a successor already.
    while (!to_replace_.empty() && !workers_.is_serving(to_replace_.front())) to_replace_.pop_front();
    if (to_replace_.empty() || workers_.stopping()) return settings_.on_done(sum_);
    workers_.replace(to_replace_.front(), [this](Result<Workers::Replaced> outcome) { replaced(std::move(outcome)); });
}

void Succession::replaced(Result<Workers::Replaced> outcome) {
    if (!outcome) return cannot_replace(outcome.error().message);
    to_replace_.pop_front();
    attempts_ = 0;
    ++sum_.replaced;
    sum_.moved += outcome->moved;
    sum_.staying += outcome->staying;
    replace_next();
}

void Succession::cannot_replace(const std::string& reason) {
    const uint32_t id = to_replace_.front();
    const std::string why = fmt::format("worker {} is not replaced: {}", id, reason);
    if (workers_.stopping()) return settings_.on_done(sum_);
    if (sum_.replaced == 0 && settings_.gives_up(why)) return;
    log_.error(observe::Module::supervisor, "{}", why);
    // There are successors that serve, so this is a matter of time, or of a worker that cannot be left with what it
    // knows.
    if (++attempts_ < most_attempts) return loop_.timers().arm(*this, loop_.now() + next_attempt);
    workers_.retire(id);
    to_replace_.pop_front();
    attempts_ = 0;
    replace_next();
}

}  // namespace seki::supervisor
