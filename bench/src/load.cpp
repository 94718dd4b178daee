// The load generator: one thread, a fixed number of requests per slice, every reply checked.
//
//   load -a ip:port [options]
//     -c connections    -u path    -H host    -N hosts to rotate over (h00000.bench.test, …)    -h first of them
//     -k keep|close|hang   what happens to a connection after its request (hang: the client closes)
//     -r rate              open loop: requests per second; latency counts from the scheduled moment
//     -w requests          to warm up with    -D seconds that a slice may take    -S source addresses to rotate over
//     -s                   through TLS 1.3    -R   and resume sessions; the first of each connection cannot
//     -i                   one request per connection, then hold them all open until stdin ends
//
// Prints READY when it is warm. Then each line on stdin, a count, runs one slice and prints one line of JSON.

#include <algorithm>
#include <chrono>
#include <iostream>
#include <vector>

#include "channel.h"
#include "load_options.h"
#include "reply_reader.h"

namespace bench {
namespace {

using Clock = std::chrono::steady_clock;
using Microseconds = std::chrono::duration<double, std::micro>;

// draining: the reply is here, the end is not yet
enum class State { closed, connecting, shaking, idle, waiting, draining };

struct Connection {
    Channel channel{};
    State state = State::closed;
    Clock::time_point asked{};
    ReplyReader reply{};
};

double cpu_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](timeval time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

struct Counts {
    long issued = 0;
    long done = 0;
    long errors = 0;
    long not_ok = 0;
    long idle_closes = 0;
    long resumed = 0;
    std::string first_error{};
    std::vector<double> latencies_us{};
};

class Load {
public:
    explicit Load(const Options& options)
        : options_(options), connections_(static_cast<size_t>(options.connections)), bytes_(256 << 10) {
        request_ = make_request(options.host);
        if (options.secured) tls_ = std::make_unique<TlsClient>(options.resumes, options.host);
    }

    // Closed loop over all connections.
    bool warm_up() {
        run(std::max<long>(options_.warm_up, options_.connections), 0);
        return counts_.done >= limit_ && counts_.errors * 10 <= limit_;
    }

    void slice(long requests) {
        run(requests, options_.rate);
        report();
    }

    // In batches, so that no accept queue overflows.
    void open_idle() {
        constexpr size_t batch = 200;
        begin(0, 0);
        for (size_t from = 0; from < connections_.size(); from += batch) {
            const size_t to = std::min(connections_.size(), from + batch);
            limit_ = static_cast<long>(to);
            for (size_t i = from; i < to; ++i) open(connections_[i]);
            loop();
        }
        std::printf("READY\n{\"opened\": %ld, \"errors\": %ld, \"not_ok\": %ld, \"error\": \"%s\"}\n", counts_.done,
                    counts_.errors, counts_.not_ok, counts_.first_error.c_str());
        std::fflush(stdout);
    }

    void report() {
        const double elapsed = std::chrono::duration<double>(Clock::now() - started_).count();
        std::vector<double>& all = counts_.latencies_us;
        std::ranges::sort(all);
        const auto quantile = [&all](double part) {
            return all.empty() ? 0 : all[static_cast<size_t>(static_cast<double>(all.size() - 1) * part)];
        };
        std::printf(
            "{\"ok\": %zu, \"errors\": %ld, \"not_ok\": %ld, \"idle_closes\": %ld, \"resumed\": %ld, \"elapsed_s\": "
            "%.6f, \"rps\": %.1f, "
            "\"p50_us\": %.1f, \"p90_us\": %.1f, \"p99_us\": %.1f, \"p999_us\": %.1f, \"client_cpu_s\": %.4f, "
            "\"error\": \"%s\"}\n",
            all.size(), counts_.errors, counts_.not_ok, counts_.idle_closes, counts_.resumed, elapsed,
            static_cast<double>(all.size()) / elapsed, quantile(0.5), quantile(0.9), quantile(0.99), quantile(0.999),
            cpu_seconds() - cpu_started_, counts_.first_error.c_str());
        std::fflush(stdout);
    }

private:
    void begin(long requests, double rate) {
        counts_ = {};
        limit_ = requests;
        rate_ = rate;
        free_.clear();
        started_ = Clock::now();
        cpu_started_ = cpu_seconds();
        deadline_ = started_ + std::chrono::duration_cast<Clock::duration>(
                                   std::chrono::duration<double>(options_.longest_slice_seconds));
    }

    void run(long requests, double rate) {
        begin(requests, rate);
        counts_.latencies_us.reserve(static_cast<size_t>(requests));
        for (Connection& connection : connections_) {
            if (rate_ > 0) {
                free_.push_back(&connection);
            } else if (may_issue()) {
                use(connection);
            }
        }
        loop();
    }

    void loop() {
        while (counts_.done < limit_ && Clock::now() < deadline_) {
            epoll_event events[256];
            const timespec wait = rate_ > 0 ? issue_due() : timespec{0, 50'000'000};
            const int count = epoll_pwait2(epoll_, events, 256, &wait, nullptr);
            for (int i = 0; i < count; ++i) handle(*static_cast<Connection*>(events[i].data.ptr));
        }
    }

    [[nodiscard]] bool may_issue() const { return counts_.issued < limit_; }

    // Open loop: starts what is due, and says how long until the next is.
    timespec issue_due() {
        const auto moment = [this](long number) {
            return started_ + std::chrono::duration_cast<Clock::duration>(
                                  std::chrono::duration<double>(static_cast<double>(number) / rate_));
        };
        while (may_issue() && !free_.empty() && moment(counts_.issued) <= Clock::now()) {
            Connection& connection = *free_.back();
            free_.pop_back();
            connection.asked = moment(counts_.issued);
            use(connection);
        }
        if (!may_issue()) return {0, 50'000'000};
        const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(moment(counts_.issued) - Clock::now());
        return {0, std::clamp<long>(left.count(), 50'000, 50'000'000)};
    }

    void use(Connection& connection) {
        if (connection.state == State::closed) {
            open(connection);
        } else if (connection.state == State::idle) {
            ask(connection);
        }
    }

    void open(Connection& connection) {
        const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        connection.channel.open(fd);
        no_delay(fd);
        bind_source(fd);
        connection.state = State::connecting;
        sockaddr_in target = options_.target;
        if (connect(fd, raw(target), sizeof target) != 0 && errno != EINPROGRESS) {
            return fail(connection, "connect");
        }
        control(epoll_, EPOLL_CTL_ADD, fd, EPOLLOUT, &connection);
    }

    void bind_source(int fd) {
        if (options_.sources <= 1) return;
        const int on = 1;
        setsockopt(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
        sockaddr_in source{};
        source.sin_family = AF_INET;
        constexpr uint32_t first = 0x7f000002;
        source.sin_addr.s_addr = htonl(first + next_source_++ % options_.sources);
        bind(fd, raw(source), sizeof source);
    }

    [[nodiscard]] std::string make_request(const std::string& host) const {
        return "GET " + options_.path + " HTTP/1.1\r\nHost: " + host +
               "\r\nUser-Agent: load/1.0 (bench)\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate\r\n" +
               (options_.ending == Ending::close ? "Connection: close\r\n\r\n" : "\r\n");
    }

    const std::string& next_request() {
        if (options_.hosts > 0) {
            char host[64];
            std::snprintf(host, sizeof host, "h%05ld.bench.test", options_.first_host + next_host_++ % options_.hosts);
            request_ = make_request(host);
        }
        return request_;
    }

    void ask(Connection& connection) {
        const std::string& request = next_request();
        if (rate_ <= 0) connection.asked = Clock::now();
        connection.state = State::waiting;
        connection.reply.reset();
        ++counts_.issued;
        const ssize_t sent = connection.channel.write(request);
        if (sent != static_cast<ssize_t>(request.size())) fail(connection, "send");
    }

    void handle(Connection& connection) {
        if (connection.state == State::connecting) return connected(connection);
        if (connection.state == State::shaking) return shake_hands(connection);
        if (connection.state != State::closed) readable(connection);
    }

    void connected(Connection& connection) {
        int error = 0;
        socklen_t size = sizeof error;
        getsockopt(connection.channel.fd(), SOL_SOCKET, SO_ERROR, &error, &size);
        if (error != 0) return fail(connection, "connect");
        if (tls_ == nullptr) return ready(connection);
        connection.channel.secure(*tls_);
        connection.state = State::shaking;
        shake_hands(connection);
    }

    void shake_hands(Connection& connection) {
        switch (connection.channel.shake_hands()) {
            case Channel::Step::done:
                if (connection.channel.resumed()) ++counts_.resumed;
                return ready(connection);
            case Channel::Step::failed:
                return fail(connection, "handshake");
            case Channel::Step::wants_input:
                return control(epoll_, EPOLL_CTL_MOD, connection.channel.fd(), EPOLLIN, &connection);
            case Channel::Step::wants_output:
                return control(epoll_, EPOLL_CTL_MOD, connection.channel.fd(), EPOLLOUT, &connection);
        }
    }

    void ready(Connection& connection) {
        control(epoll_, EPOLL_CTL_MOD, connection.channel.fd(), EPOLLIN, &connection);
        connection.state = State::idle;
        if (may_issue()) ask(connection);
    }

    void readable(Connection& connection) {
        while (read_some(connection) && connection.channel.holds_more()) {
        }
    }

    // False when there is no more, or the connection is at something else.
    bool read_some(Connection& connection) {
        const ssize_t size = connection.channel.read(bytes_.data(), bytes_.size());
        if (size < 0 && errno == EAGAIN) return false;
        if (size <= 0) return ended(connection), false;
        if (connection.state != State::waiting) return fail(connection, "more than the reply"), false;
        switch (connection.reply.feed({bytes_.data(), static_cast<size_t>(size)})) {
            case ReplyReader::Progress::more:
                return true;
            case ReplyReader::Progress::broken:
                fail(connection, "broken reply");
                break;
            case ReplyReader::Progress::complete:
                replied(connection);
                break;
        }
        return false;
    }

    void replied(Connection& connection) {
        if (!connection.reply.is_ok()) ++counts_.not_ok;
        if (options_.ending == Ending::close) {
            connection.state = State::draining;  // the request is done when the server has closed
            return;
        }
        if (options_.ending == Ending::hang || connection.reply.announces_close()) {
            if (options_.ending == Ending::keep) ++counts_.idle_closes;
            shut(connection);
        } else {
            connection.state = State::idle;
        }
        finish(connection);
    }

    void ended(Connection& connection) {
        if (connection.state == State::waiting) return fail(connection, "the server closed before its reply");
        const bool done = connection.state == State::draining;
        shut(connection);
        if (done) return finish(connection);
        ++counts_.idle_closes;
        if (rate_ <= 0 && may_issue()) open(connection);
    }

    // One request is done well: measured, and the connection takes the next.
    void finish(Connection& connection) {
        counts_.latencies_us.push_back(Microseconds(Clock::now() - connection.asked).count());
        ++counts_.done;
        next(connection);
    }

    void fail(Connection& connection, const char* why) {
        if (counts_.errors++ == 0) counts_.first_error = std::string(why) + ": " + std::strerror(errno);
        if (connection.state == State::connecting || connection.state == State::shaking) ++counts_.issued;
        if (connection.state != State::idle) ++counts_.done;
        shut(connection);
        next(connection);
    }

    void next(Connection& connection) {
        if (options_.idle) return;
        if (rate_ > 0) {
            free_.push_back(&connection);
        } else if (may_issue()) {
            use(connection);
        }
    }

    static void shut(Connection& connection) {
        connection.channel.shut();
        connection.state = State::closed;
    }

    const Options options_;
    int epoll_ = epoll_create1(0);
    std::unique_ptr<TlsClient> tls_;  // null: plain
    std::vector<Connection> connections_;
    std::vector<Connection*> free_;  // open loop: connections without a request
    std::vector<char> bytes_;
    std::string request_;
    long next_host_ = 0;
    uint32_t next_source_ = 0;

    Counts counts_;
    long limit_ = 0;
    double rate_ = 0;
    double cpu_started_ = 0;
    Clock::time_point started_{};
    Clock::time_point deadline_{};
};

int main(int argc, char** argv) {
    prepare_process();
    const Options options = parse_options(argc, argv);
    Load load(options);
    std::string line;
    if (options.idle) {
        load.open_idle();
        std::getline(std::cin, line);
        return 0;
    }
    if (!load.warm_up()) {
        load.report();
        return 1;
    }
    std::printf("READY\n");
    std::fflush(stdout);
    while (std::getline(std::cin, line)) load.slice(std::stol(line));
    return 0;
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) { return bench::main(argc, argv); }
