// A preloaded library that lets a test halt one worker exactly at one step of a change, with nothing about it in the
// product. It watches what passes through the worker's channel, and when the step that the file $SEKI_HALT_FILE names
// is reached, the worker stops or kills itself:
//
//     <worker id> <before|obeyed|answered> <order> <stop|kill>
//
// `before`: the order waits in the channel, unread. `obeyed`: it was obeyed, its report is not sent. `answered`: its
// report is sent. Orders are handed to the worker one at a time, however many came at once, so that there is a step
// between any two of them. Any other worker, and the supervisor, find nothing changed.

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

constexpr int channel = 3;
constexpr size_t prefix_bytes = 8;  // of a frame: its size, little-endian (command/frame.h)

// The oneof of Order in worker.proto, by field number.
struct Named {
    uint64_t field;
    std::string_view name;
};
constexpr std::array order_names{Named{3, "unassign"}, Named{4, "drain"},   Named{5, "stop"},     Named{7, "status"},
                                 Named{16, "hello"},   Named{17, "load"},   Named{18, "prepare"}, Named{19, "commit"},
                                 Named{20, "abort"},   Named{21, "assign"}, Named{22, "serve"},   Named{23, "query"}};
constexpr uint64_t envelope_fields = 2;

ssize_t real_recvmsg(msghdr* message, int flags) { return syscall(SYS_recvmsg, channel, message, flags); }

// "2" of "seki worker --id 2 --channel 3"; empty in the supervisor.
std::string own_id() {
    std::ifstream file("/proc/self/cmdline");
    std::string word;
    bool worker = false;
    while (std::getline(file, word, '\0')) {
        worker = worker || word == "worker";
        if (worker && word == "--id" && std::getline(file, word, '\0')) return word;
    }
    return "";
}

struct Step {
    std::string worker;
    std::string when;
    std::string order;
    std::string act;
};

Step wanted() {
    Step step;
    if (const char* path = std::getenv("SEKI_HALT_FILE")) {
        std::ifstream file(path);
        file >> step.worker >> step.when >> step.order >> step.act;
    }
    return step;
}

class Watch {
public:
    ssize_t receive(msghdr& message, int flags) {
        if (left_ == 0 && !order_.empty()) {
            halt_if("obeyed");
            if (is_next("answered")) return try_again_later();
        }
        if (left_ == 0) begin_frame();
        if (left_ == 0) return real_recvmsg(&message, flags);  // nothing is here, or the end
        iovec& bytes = message.msg_iov[0];
        bytes.iov_len = std::min(bytes.iov_len, left_);
        const ssize_t got = real_recvmsg(&message, flags);
        if (got > 0) left_ -= static_cast<size_t>(got);
        return got;
    }

    void sent() {
        if (left_ > 0 || order_.empty()) return;
        halt_if("answered");
        order_ = {};
    }

private:
    // So that the report goes out before the next order is seen.
    static ssize_t try_again_later() {
        errno = EAGAIN;
        return -1;
    }

    void begin_frame() {
        std::array<char, 32> first{};
        iovec bytes{first.data(), first.size()};
        msghdr message{};
        message.msg_iov = &bytes;
        message.msg_iovlen = 1;
        const ssize_t seen = real_recvmsg(&message, MSG_PEEK | MSG_DONTWAIT);
        if (seen <= static_cast<ssize_t>(prefix_bytes)) return;
        uint64_t size = 0;
        std::memcpy(&size, first.data(), sizeof size);
        left_ = size;
        order_ = order_in(std::string_view(first.data(), static_cast<size_t>(seen)).substr(prefix_bytes));
        halt_if("before");
    }

    // The first fields are numbers, those of the envelope; the tag of the order stands behind them.
    static std::string_view order_in(std::string_view payload) {
        uint64_t field = 0;
        while ((field = take_number(payload) >> 3U) != 0 && field <= envelope_fields) take_number(payload);
        const auto* const found = std::ranges::find(order_names, field, &Named::field);
        return found != order_names.end() ? found->name : std::string_view{};
    }

    // A varint; 0 at the end.
    static uint64_t take_number(std::string_view& payload) {
        uint64_t number = 0;
        for (unsigned shift = 0; !payload.empty(); shift += 7) {
            const auto byte = static_cast<unsigned char>(payload.front());
            payload.remove_prefix(1);
            number |= uint64_t{byte & 0x7fU} << shift;
            if ((byte & 0x80U) == 0) break;
        }
        return number;
    }

    [[nodiscard]] bool is_next(std::string_view when) const {
        const Step step = wanted();
        return step.worker == id_ && step.when == when && step.order == order_;
    }

    void halt_if(std::string_view when) const {
        if (is_next(when)) kill(getpid(), wanted().act == "kill" ? SIGKILL : SIGSTOP);
    }

    std::string id_ = own_id();
    size_t left_ = 0;         // of the frame that is being handed over
    std::string_view order_;  // the last one that began and is not answered
};

// Null in the supervisor.
Watch* watch() {
    static Watch made;
    static const bool worker = !own_id().empty();
    return worker ? &made : nullptr;
}

}  // namespace

extern "C" ssize_t recvmsg(int fd, msghdr* message, int flags) {
    if (fd == channel && watch() != nullptr) return watch()->receive(*message, flags);
    return syscall(SYS_recvmsg, fd, message, flags);
}

extern "C" ssize_t sendmsg(int fd, const msghdr* message, int flags) {
    const ssize_t sent = syscall(SYS_sendmsg, fd, message, flags);
    if (fd == channel && sent > 0 && watch() != nullptr) watch()->sent();
    return sent;
}
