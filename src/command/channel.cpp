#include "command/channel.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <variant>

#include "base/check.h"
#include "command/frame.h"
#include "command/received_fds.h"

namespace seki::command {
namespace {

constexpr size_t kept_capacity = 4096;  // of an idle channel's buffer, each way

struct Control {
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * Channel::max_fds_per_write)> bytes{};
};

void put_fds(msghdr& message, Control& control, const std::vector<UniqueFd>& fds) {
    message.msg_control = control.bytes.data();
    message.msg_controllen = CMSG_SPACE(sizeof(int) * fds.size());
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int) * fds.size());
    unsigned char* at = CMSG_DATA(header);
    for (const UniqueFd& fd : fds) {
        const int number = fd.get();
        std::memcpy(at, &number, sizeof number);
        at += sizeof number;
    }
}

}  // namespace

Channel::Channel(EventLoop& loop, UniqueFd socket, const Limits& limits, Owner& owner)
    : loop_(loop), socket_(std::move(socket)), limits_(limits), owner_(owner), in_(limits.secret), out_(limits.secret) {
    auto watched =
        loop_.watch(socket_.get(), EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, *this, EventLoop::Order::normal);
    if (watched) {
        watch_ = *watched;
    } else {
        failure_ = watched.error().message;
    }
    loop_.schedule(*this);
}

Channel::~Channel() { close(); }

void Channel::go_on_from(const Rest& rest) {
    in_.append(rest.unread);
    skip_ = rest.skip;
    out_.append(rest.unsent);
}

void Channel::close() {
    if (!is_open()) return;
    if (watch_.valid()) loop_.unwatch(socket_.get(), watch_);
    socket_.reset();
    attached_.clear();
    fds_.clear();
    out_.clear();
}

void Channel::fail(const std::string& reason) {
    close();
    owner_.on_closed(reason);
}

void Channel::resume() {
    paused_ = false;
    loop_.schedule(*this);
}

void Channel::close_after_flush() {
    closing_ = true;
    reading_ = Reading::stopped;
    loop_.schedule(*this);
}

void Channel::on_event(uint32_t events) {
    if ((events & EPOLLOUT) != 0) writable_ = true;
    if ((events & ~static_cast<uint32_t>(EPOLLOUT)) != 0) readable_ = true;
    if ((events & (EPOLLHUP | EPOLLERR)) != 0) hung_up_ = true;
    loop_.schedule(*this);
}

void Channel::run() {
    if (!is_open()) return;
    if (!failure_.empty()) return fail(failure_);
    write_out();
    read_in();
    write_out();
    finish_turn();
}

void Channel::finish_turn() {
    if (!is_open()) return;
    if (hung_up_ && reading_ != Reading::open) return fail("the peer closed the connection");
    if (closing_ && pending_bytes() == 0) return fail("closed after the last answer");
    in_.compact(kept_capacity);
    out_.compact(kept_capacity);
}

// ---- out

Result<> Channel::send(const google::protobuf::MessageLite& message, std::vector<UniqueFd> fds) {
    if (!is_open()) return failure("the connection is closed");
    const size_t size = frame_prefix_bytes + message.ByteSizeLong();
    if (size > limits_.max_frame_bytes) {
        return failure("a message of {} bytes is larger than {} allows ({})", size, limits_.frame_limit,
                       limits_.max_frame_bytes);
    }
    if (pending_bytes() + size > limits_.max_pending_bytes) {
        return failure("{} bytes wait to be taken already", pending_bytes());
    }
    SEKI_CHECK(fds.size() <= max_fds_per_write * size);
    attach(std::move(fds), queued_bytes() + size);
    SEKI_CHECK(append_frame(out_.room_for(size), message, limits_.max_frame_bytes));
    loop_.schedule(*this);
    return {};
}

// To the last bytes of the frame, as many as the descriptors need writes.
void Channel::attach(std::vector<UniqueFd> fds, uint64_t frame_end) {
    uint64_t position = frame_end - (fds.size() + max_fds_per_write - 1) / max_fds_per_write;
    for (size_t from = 0; from < fds.size(); ++position) {
        const size_t end = std::min(from + max_fds_per_write, fds.size());
        Attached& batch = attached_.emplace_back(Attached{position, {}});
        for (; from < end; ++from) batch.fds.push_back(std::move(fds[from]));
    }
}

void Channel::flush() { write_out(); }

void Channel::write_out() {
    const uint64_t before = written_;
    while (is_open() && writable_ && pending_bytes() > 0) {
        const ssize_t written = write_some();
        if (written >= 0) {
            written_ += static_cast<size_t>(written);
            out_.drop(static_cast<size_t>(written));
        } else if (errno == EAGAIN) {
            writable_ = false;
        } else if (errno != EINTR) {
            return write_failed(system_error(errno));
        }
    }
    if (is_open() && written_ != before) owner_.on_written();
}

// Up to the next byte that carries descriptors, which goes alone.
ssize_t Channel::write_some() {
    const bool carries = !attached_.empty() && attached_.front().position == written_;
    size_t size = carries ? 1 : pending_bytes();
    if (!carries && !attached_.empty()) size = static_cast<size_t>(attached_.front().position - written_);
    iovec bytes{const_cast<char*>(out_.bytes().data()), size};  // which sendmsg leaves as they are
    msghdr message{};
    message.msg_iov = &bytes;
    message.msg_iovlen = 1;
    Control control;
    if (carries) put_fds(message, control, attached_.front().fds);
    const ssize_t written = ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (written > 0 && carries) attached_.pop_front();
    return written;
}

// What the peer said before it went is still to be read.
void Channel::write_failed(const std::string& reason) {
    hung_up_ = true;
    writable_ = false;
    readable_ = true;
    attached_.clear();
    out_.clear();
    if (reading_ != Reading::open) fail(reason);
}

// ---- in

bool Channel::may_read() const noexcept {
    return is_open() && !paused_ && reading_ == Reading::open && pending_bytes() <= limits_.pause_reading_bytes;
}

void Channel::read_in() {
    std::array<char, read_bytes> chunk;  // NOLINT: filled by recvmsg
    size_t taken = 0;
    for (;;) {
        deliver();
        if (!may_read() || !readable_) return;
        if (taken >= turn_bytes) return loop_.schedule(*this);
        const ssize_t got = read_some(chunk.data(), chunk.size());
        if (got > 0) {
            in_.append({chunk.data(), static_cast<size_t>(got)});
            if (limits_.secret) explicit_bzero(chunk.data(), static_cast<size_t>(got));
            taken += static_cast<size_t>(got);
        } else if (got == 0) {
            return peer_ended();
        } else if (errno == EAGAIN) {
            readable_ = false;
        } else if (errno != EINTR) {
            return fail(system_error(errno));
        }
        if (fds_.size() > limits_.max_waiting_fds) return fail("more descriptors came than were named");
    }
}

ssize_t Channel::read_some(char* into, size_t size) {
    iovec bytes{into, size};
    msghdr message{};
    message.msg_iov = &bytes;
    message.msg_iovlen = 1;
    Control control;
    if (limits_.max_waiting_fds > 0) {
        message.msg_control = control.bytes.data();
        message.msg_controllen = control.bytes.size();
    }
    const ssize_t got = ::recvmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (got >= 0 && limits_.max_waiting_fds > 0) collect_fds(message, fds_);
    return got;
}

void Channel::peer_ended() {
    reading_ = Reading::ended;
    readable_ = false;
    if (!hung_up_ && owner_.on_finished()) return;
    if (is_open()) fail("the peer closed the connection");
}

void Channel::deliver() {
    while (may_read() && deliver_one()) {
    }
}

bool Channel::deliver_one() {
    const uint64_t unwanted = std::min<uint64_t>(skip_, in_.size());
    in_.drop(unwanted);
    skip_ -= unwanted;
    if (skip_ > 0) return false;
    const Decoded decoded = decode_frame(in_.bytes(), limits_.max_frame_bytes);
    if (const auto* frame = std::get_if<Frame>(&decoded)) {
        owner_.on_frame(frame->payload);
        in_.drop(frame->consumed);
        return true;
    }
    if (const auto* malformed = std::get_if<Malformed>(&decoded)) {
        skip_ = malformed->skip;
        owner_.on_malformed(fmt::format("a frame of {} bytes is not within {} and {} ({})", malformed->frame_bytes,
                                        frame_prefix_bytes, limits_.max_frame_bytes, limits_.frame_limit));
        return true;
    }
    return false;
}

std::vector<UniqueFd> Channel::take_fds(size_t count) {
    std::vector<UniqueFd> taken;
    while (taken.size() < count && !fds_.empty()) {
        taken.push_back(std::move(fds_.front()));
        fds_.pop_front();
    }
    return taken;
}

}  // namespace seki::command
