#pragma once

// Tells a statsd server what has changed in the figures of this process since it was told last: counters as
// differences, gauges when they are others, times by how many samples took how many milliseconds. Requests pay nothing
// for it: once a second all figures are walked over, a slice in each turn of the loop.
//
// It remembers of each figure what it has told. What could not be sent is a part of the next difference, so the sums of
// what was sent are those of the figures.

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "event/event_loop.h"
#include "event/timer_wheel.h"
#include "observe/metrics.h"
#include "observe/statsd_output.h"

namespace seki::observe {

class Statsd final : private Timer, private Runnable {
public:
    static constexpr Duration interval = std::chrono::seconds(1);
    // When the kernel takes nothing.
    static constexpr Duration pause = std::chrono::milliseconds(20);
    static constexpr uint64_t datagrams_per_slice = 16;
    static constexpr size_t series_per_slice = 64;

    // `refresh` brings figures up to date that are not counted as they happen. `loop` and `metrics` outlive it.
    Statsd(EventLoop& loop, Metrics& metrics, StatsdOutput::Settings settings, std::function<void()> refresh);
    Statsd(const Statsd&) = delete;
    Statsd& operator=(const Statsd&) = delete;
    ~Statsd() override;

    // The last words of a process: all that is not told yet, as far as the kernel takes it.
    void finish();

private:
    enum class Progress : uint8_t { done, more, blocked };

    // A cluster or a backend, and what was told of it.
    struct Followed {
        std::string cluster;
        std::string backend;           // empty: the cluster itself
        std::unique_ptr<Series> told;  // null: nothing
        bool owing = false;            // it was cleared before all was told
        uint64_t serial = 0;           // of the series that `told` is about; 0: of the next one
    };

    void on_timer() override;
    void run() override;
    void begin_round();
    void go_on();
    Progress advance(size_t series_limit, uint64_t datagram_limit);
    bool tell_process();
    bool tell(Followed& followed);
    static void meet(Followed& followed, const Series& now);
    bool tell_series(Series& told, const Series& now);
    void list_series();
    void keep_debts();
    [[nodiscard]] const Series* series_of(const Followed& followed) const;

    EventLoop& loop_;
    Metrics& metrics_;
    StatsdOutput output_;
    std::function<void()> refresh_;
    std::array<uint64_t, counter_names.size()> counters_{};
    std::array<std::optional<uint64_t>, gauge_names.size()> gauges_{};
    std::array<FineHistogram, time_names.size()> times_;
    uint64_t lost_ = 0;  // of its datagrams, counted so far
    std::vector<Followed> followed_;
    std::optional<uint64_t> shape_;  // of the metrics, when they were listed
    size_t next_ = 0;                // of those followed
    bool process_told_ = false;      // in this round
};

}  // namespace seki::observe
