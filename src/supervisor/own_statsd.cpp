#include "supervisor/own_statsd.h"

#include <utility>

#include "observe/statsd.h"

namespace seki::supervisor {

using observe::Statsd;

OwnStatsd::OwnStatsd(EventLoop& loop, OwnFigures& figures, observe::StatsdOutput::Settings settings)
    : loop_(loop), figures_(figures), output_(std::move(settings)) {
    figures_.before_clear = [this] { keep_debts(); };
    loop_.timers().arm(*this, loop_.now() + Statsd::interval);
}

OwnStatsd::~OwnStatsd() {
    figures_.before_clear = nullptr;
    loop_.timers().cancel(*this);
}

void OwnStatsd::on_timer() {
    const Duration next = tell() ? Statsd::interval : Statsd::pause;
    loop_.timers().arm(*this, loop_.now() + next);
}

bool OwnStatsd::tell() {
    figures_.set("statsd.lost_datagrams", output_.lost());
    for (const auto& [name, figure] : figures_.all()) {
        const bool counts = figure.has_count();
        const uint64_t now = counts ? static_cast<uint64_t>(figure.count()) : figure.gauge();
        const auto told = told_.find(name);
        const bool known = told != told_.end();
        if (known ? told->second == now : counts && now == 0) continue;
        const uint64_t added = now - (known ? told->second : 0);
        if (!(counts ? output_.count(name, added) : output_.gauge(name, now))) return false;
        told_.insert_or_assign(name, now);
    }
    return output_.flush();
}

// Differences are modulo 2^64: what is not told yet is told after the counters began again.
void OwnStatsd::keep_debts() {
    for (const auto& [name, value] : figures_.counters()) told_[name] -= value;
}

}  // namespace seki::supervisor
