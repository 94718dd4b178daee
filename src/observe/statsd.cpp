#include "observe/statsd.h"

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

namespace seki::observe {

namespace {

constexpr uint64_t us_per_ms = 1000;

// What `now` has beyond `told`, a line for each whole millisecond.
template <typename Times>
bool tell_times(StatsdOutput& output, std::string_view name, Times& told, const Times& now) {
    const auto ms_of = [&now](size_t step) { return now.upper_us(step) / us_per_ms; };
    for (size_t begin = 0; begin < Times::step_count;) {
        const uint64_t ms = ms_of(begin);
        uint64_t samples = 0;
        size_t end = begin;
        for (; end < Times::step_count && ms_of(end) == ms; ++end) samples += now.ahead_of(told, end);
        if (samples != 0 && !output.time(name, ms, samples)) return false;
        for (; begin < end; ++begin) told.add(begin, now.ahead_of(told, begin));
    }
    return true;
}

const Series& nothing() {
    static const Series none;
    return none;
}

}  // namespace

Statsd::Statsd(EventLoop& loop, Metrics& metrics, StatsdOutput::Settings settings, std::function<void()> refresh)
    : loop_(loop), metrics_(metrics), output_(std::move(settings)), refresh_(std::move(refresh)) {
    metrics_.before_clear = [this] { keep_debts(); };
    loop_.timers().arm(*this, loop_.now() + interval);
}

Statsd::~Statsd() {
    metrics_.before_clear = nullptr;
    loop_.timers().cancel(*this);
}

// ---- rounds

void Statsd::on_timer() {
    if (next_ == 0 && !process_told_) begin_round();
    go_on();
}

void Statsd::run() { go_on(); }

void Statsd::begin_round() {
    refresh_();
    metrics_.add(Counter::statsd_lost, output_.lost() - std::exchange(lost_, output_.lost()));
    if (shape_ != metrics_.shape()) list_series();
}

void Statsd::go_on() {
    switch (advance(series_per_slice, datagrams_per_slice)) {
        case Progress::done:
            loop_.timers().arm(*this, loop_.now() + interval);
            break;
        case Progress::more:
            loop_.schedule(*this);
            break;
        case Progress::blocked:
            loop_.timers().arm(*this, loop_.now() + pause);
            break;
    }
}

void Statsd::finish() {
    if (advance(followed_.size(), std::numeric_limits<uint64_t>::max()) != Progress::done) return;
    begin_round();
    advance(followed_.size(), std::numeric_limits<uint64_t>::max());
}

Statsd::Progress Statsd::advance(size_t series_limit, uint64_t datagram_limit) {
    const uint64_t sent_before = output_.sent();
    if (!process_told_ && !tell_process()) return Progress::blocked;
    process_told_ = true;
    for (size_t seen = 0; next_ < followed_.size(); ++next_, ++seen) {
        if (seen == series_limit || output_.sent() - sent_before >= datagram_limit) return Progress::more;
        if (!tell(followed_[next_])) return Progress::blocked;
    }
    if (!output_.flush()) return Progress::blocked;
    next_ = 0;
    process_told_ = false;
    return Progress::done;
}

// ---- figures

bool Statsd::tell_process() {
    output_.of_process();
    for (size_t i = 0; i < counters_.size(); ++i) {
        const uint64_t now = metrics_.value(static_cast<Counter>(i));
        if (now == counters_[i]) continue;
        if (!output_.count(counter_names[i], now - counters_[i])) return false;
        counters_[i] = now;
    }
    for (size_t i = 0; i < gauges_.size(); ++i) {
        const uint64_t now = metrics_.value(static_cast<Gauge>(i));
        if (gauges_[i] == now) continue;
        if (!output_.gauge(gauge_names[i], now)) return false;
        gauges_[i] = now;
    }
    for (size_t i = 0; i < times_.size(); ++i) {
        if (!tell_times(output_, time_names[i], times_[i], metrics_.times(static_cast<Time>(i)))) return false;
    }
    return true;
}

bool Statsd::tell(Followed& followed) {
    const Series* const now = series_of(followed);
    if (now == nullptr && !followed.owing) return true;
    if (now != nullptr) meet(followed, *now);
    if (followed.told == nullptr) {
        if (now == nullptr || now->counters == nothing().counters) return true;
        followed.told = std::make_unique<Series>();
    }
    output_.of_cluster(followed.cluster, followed.backend);
    if (!tell_series(*followed.told, now == nullptr ? nothing() : *now)) return false;
    followed.owing = false;
    return true;
}

// A cluster or backend that was removed and added again began at zero: nothing of this one was told yet.
void Statsd::meet(Followed& followed, const Series& now) {
    if (followed.serial != 0 && followed.serial != now.serial) {
        followed.told = nullptr;
        followed.owing = false;
    }
    followed.serial = now.serial;
}

// Nothing is timed of a series without counting it.
bool Statsd::tell_series(Series& told, const Series& now) {
    if (told.counters == now.counters) return true;
    for (size_t i = 0; i < now.times.size(); ++i) {
        if (!tell_times(output_, time_names[i], told.times[i], now.times[i])) return false;
    }
    for (size_t i = 0; i < now.counters.size(); ++i) {
        if (now.counters[i] == told.counters[i]) continue;
        if (!output_.count(series_counter_names[i], now.counters[i] - told.counters[i])) return false;
        told.counters[i] = now.counters[i];
    }
    return true;
}

const Series* Statsd::series_of(const Followed& followed) const {
    const auto cluster = metrics_.clusters().find(followed.cluster);
    if (cluster == metrics_.clusters().end()) return nullptr;
    if (followed.backend.empty()) return cluster->second.get();
    const auto backend = cluster->second->backends.find(followed.backend);
    return backend == cluster->second->backends.end() ? nullptr : backend->second.get();
}

// What is gone is not followed any more, what has come is.
void Statsd::list_series() {
    shape_ = metrics_.shape();
    std::erase_if(followed_, [this](const Followed& one) { return !one.owing && series_of(one) == nullptr; });
    std::set<std::pair<std::string_view, std::string_view>> known;
    for (const Followed& one : followed_) known.emplace(one.cluster, one.backend);
    std::vector<Followed> come;
    for (const auto& [id, cluster] : metrics_.clusters()) {
        if (!known.contains({id, {}})) come.push_back({id, {}, nullptr});
        for (const auto& [backend_id, backend] : cluster->backends) {
            if (!known.contains({id, backend_id})) come.push_back({id, backend_id, nullptr});
        }
    }
    std::ranges::move(come, std::back_inserter(followed_));
}

// Figures that begin at zero again: what was told is taken back by as much, so that the difference stays. Differences
// are modulo 2^64 and so may begin below zero.
void Statsd::keep_debts() {
    list_series();
    for (size_t i = 0; i < counters_.size(); ++i) counters_[i] -= metrics_.value(static_cast<Counter>(i));
    for (size_t i = 0; i < times_.size(); ++i) times_[i].subtract(metrics_.times(static_cast<Time>(i)));
    for (Followed& one : followed_) {
        const Series* const now = series_of(one);
        if (now == nullptr || now->counters == nothing().counters) continue;
        if (one.told == nullptr) one.told = std::make_unique<Series>();
        for (size_t i = 0; i < now->counters.size(); ++i) one.told->counters[i] -= now->counters[i];
        for (size_t i = 0; i < now->times.size(); ++i) one.told->times[i].subtract(now->times[i]);
        one.owing = true;
        one.serial = 0;
    }
}

}  // namespace seki::observe
