// The two processes of a hand-over, for tests/process/test_handover.py: the first one takes clients through TLS and
// gives their connections away in the middle of whatever they are at, the second one goes on with them.
//
//     handover first CERTIFICATE KEY SOCKET     says "port N"; on the line "move" its connections go to SOCKET, and it
//     ends handover second SOCKET                    says "received N"; on the line "go" it goes on with them
//
// What they serve: "GET /N" has N bytes for an answer, a body with a Content-Length comes back. The first one says of
// what passes on a line each: "open", "read" (all that there was), "answered", "blocked" (the socket takes no more, in
// the middle of a record).

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <fmt/format.h>
#include <fstream>
#include <memory>
#include <netinet/in.h>
#include <poll.h>
#include <sstream>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "base/check.h"
#include "event/event_loop.h"
#include "tls/transport.h"
#include "x509/identity.h"

namespace seki::tls {
namespace {

using Stop = net::IoOutcome::Stop;

void say(const std::string& line) {
    std::fputs((line + "\n").c_str(), stdout);
    std::fflush(stdout);
}

std::string contents_of(const char* path) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

CertificatePtr certificate_of(const char* certificate, const char* key) {
    auto identity = x509::read_identity(contents_of(certificate), {}, contents_of(key));
    SEKI_CHECK(identity.has_value());
    struct Bytes {
        std::string names;
        std::string leaf;
        std::string key;
    };
    auto bytes = std::make_shared<Bytes>("a.example\n", identity->certificate.der(), identity->key.der);
    auto made = std::make_shared<Certificate>();
    made->names = bytes->names;
    made->key_kind = identity->certificate.key_type().kind;
    made->leaf = bytes->leaf;
    made->key = bytes->key;
    made->owner = bytes;
    return made;
}

// ---- what goes to the other process

void send_all(int to, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        SEKI_CHECK(sent > 0);
        bytes.remove_prefix(static_cast<size_t>(sent));
    }
}

void send_text(int to, const std::string& text) {
    const auto size = static_cast<uint32_t>(text.size());
    send_all(to, {reinterpret_cast<const char*>(&size), sizeof size});
    send_all(to, text);
}

// False at the end.
bool receive_all(int from, char* into, size_t size) {
    while (size > 0) {
        const ssize_t got = ::recv(from, into, size, 0);
        if (got <= 0) return false;
        into += got;
        size -= static_cast<size_t>(got);
    }
    return true;
}

std::string receive_text(int from) {
    uint32_t size = 0;
    SEKI_CHECK(receive_all(from, reinterpret_cast<char*>(&size), sizeof size));
    std::string text(size, '\0');
    SEKI_CHECK(receive_all(from, text.data(), size));
    return text;
}

union FdMessage {
    char bytes[CMSG_SPACE(sizeof(int))];
    cmsghdr align;
};

msghdr message_of(iovec& part, FdMessage& control) {
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.bytes;
    message.msg_controllen = sizeof control.bytes;
    return message;
}

void send_fd(int to, int fd) {
    char mark = 'c';
    iovec part{&mark, 1};
    FdMessage control{};
    msghdr message = message_of(part, control);
    cmsghdr* const head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof fd);
    std::copy_n(reinterpret_cast<const char*>(&fd), sizeof fd, reinterpret_cast<char*>(CMSG_DATA(head)));
    SEKI_CHECK(::sendmsg(to, &message, MSG_NOSIGNAL) == 1);
}

// Invalid when no more come.
UniqueFd receive_fd(int from) {
    char mark = 0;
    iovec part{&mark, 1};
    FdMessage control{};
    msghdr message = message_of(part, control);
    if (::recvmsg(from, &message, MSG_CMSG_CLOEXEC) != 1) return {};
    const cmsghdr* const head = CMSG_FIRSTHDR(&message);
    SEKI_CHECK(head != nullptr && head->cmsg_type == SCM_RIGHTS);
    int fd = -1;
    std::copy_n(reinterpret_cast<const char*>(CMSG_DATA(head)), sizeof fd, reinterpret_cast<char*>(&fd));
    return UniqueFd(fd);
}

// ---- a connection

class Service {
public:
    Service(int fd, std::unique_ptr<TlsTransport> transport, std::string asked = {}, std::string answer = {})
        : fd_(fd), transport_(std::move(transport)), asked_(std::move(asked)), answer_(std::move(answer)) {}

    [[nodiscard]] int fd() const noexcept { return fd_; }
    [[nodiscard]] short waits_for() const noexcept { return answer_.empty() ? POLLIN : POLLIN | POLLOUT; }
    // False when it has ended.
    bool advance() {
        if (!transport_->open() && !shake_hands()) return !ended_;
        hear();
        while (answer()) answer_whole_request();
        if (ended_ && answer_.empty()) static_cast<void>(transport_->finish());
        return !ended_;
    }
    // To the process at the other end of `to`.
    void move(int to) const {
        const auto exported = transport_->to_export();
        SEKI_CHECK(exported.has_value());
        send_fd(to, exported->fd);
        send_text(to, exported->beside);
        send_text(to, asked_);
        send_text(to, answer_);
    }
    [[nodiscard]] bool open() const noexcept { return transport_->open(); }

private:
    bool shake_hands() {
        const net::IoOutcome outcome = transport_->read({});
        if (transport_->open()) say("open");
        ended_ = transport_->refused() || outcome.stop == Stop::end || outcome.stop == Stop::error;
        return transport_->open();
    }
    void hear() {
        char piece[10'000];
        net::IoOutcome got;
        while ((got = transport_->read(piece)).stop == Stop::none) asked_.append(piece, got.bytes);
        if (got.stop != Stop::blocked) ended_ = true;
        if (answer_.empty()) say("read");
        answer_whole_request();
    }
    void answer_whole_request() {
        const size_t head = asked_.find("\r\n\r\n");
        if (head == std::string::npos || !answer_.empty()) return;
        const size_t field = asked_.find("Content-Length: ");
        const size_t body = field < head ? std::strtoull(asked_.c_str() + field + 16, nullptr, 10) : 0;
        if (asked_.size() < head + 4 + body) return;
        std::string text = asked_.substr(head + 4, body);
        if (asked_.starts_with("GET /")) {
            const size_t size = std::strtoull(asked_.c_str() + 5, nullptr, 10);
            for (size_t i = 0; text.size() < size; ++i) text += fmt::format("{} ", i);
            text.resize(size);
        }
        asked_.erase(0, head + 4 + body);
        answer_ = fmt::format("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n{}", text.size(),
                              text);
    }
    // Sends what there is; true when that was all of an answer.
    bool answer() {
        if (answer_.empty()) return false;
        const net::IoOutcome sent = transport_->write(answer_);
        answer_.erase(0, sent.bytes);
        if (sent.stop == Stop::error) ended_ = true;
        if (sent.stop == Stop::blocked && transport_->begun() > 0) say("blocked");
        if (answer_.empty()) say("answered");
        return answer_.empty();
    }

    int fd_;
    std::unique_ptr<TlsTransport> transport_;
    std::string asked_;
    std::string answer_;  // that has not left
    bool ended_ = false;
};

// ---- the processes

struct ServerFixture {
    SystemClock clock;
    EpollPoller poller;
    EventLoop loop{clock, poller};
    std::unique_ptr<Engine> engine = [this] {
        TicketSecret secret;
        std::ranges::fill(secret.resize(TicketSecret::capacity), uint8_t{1});
        return *Engine::make(loop, secret, std::chrono::hours(1));
    }();
};

UniqueFd unix_socket(const char* path, bool listens) {
    UniqueFd made(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    const auto* const name = reinterpret_cast<const sockaddr*>(&address);
    const bool done = listens ? ::bind(made.get(), name, sizeof address) == 0 && ::listen(made.get(), 1) == 0
                              : ::connect(made.get(), name, sizeof address) == 0;
    SEKI_CHECK(done);
    return made;
}

std::unique_ptr<net::PlainTransport> plain(int fd) { return std::make_unique<net::PlainTransport>(UniqueFd(fd)); }

int run_first(const char* certificate, const char* key, const char* other) {
    ServerFixture fixture;
    auto certificates = std::make_shared<CertificateStore>();
    certificates->set_default(certificate_of(certificate, key));
    ServerSettings settings;
    settings.protocols = {Alpn::http11};
    const auto context = ServerContext::make(*fixture.engine, settings, certificates);
    SEKI_CHECK(context.has_value());
    const UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const name = reinterpret_cast<sockaddr*>(&address);
    SEKI_CHECK(::bind(listener.get(), name, size) == 0 && ::listen(listener.get(), 16) == 0);
    SEKI_CHECK(::getsockname(listener.get(), name, &size) == 0);
    say(fmt::format("port {}", ntohs(address.sin_port)));
    std::vector<Service> services;
    while (true) {
        std::vector<pollfd> waiting{{STDIN_FILENO, POLLIN, 0}, {listener.get(), POLLIN, 0}};
        for (const Service& service : services) waiting.push_back({service.fd(), service.waits_for(), 0});
        ::poll(waiting.data(), waiting.size(), -1);
        if (waiting[0].revents != 0) break;
        for (size_t i = services.size(); i-- > 0;) {
            if (waiting[2 + i].revents != 0 && !services[i].advance())
                services.erase(services.begin() + static_cast<std::ptrdiff_t>(i));
        }
        if (waiting[1].revents == 0) continue;
        const int fd = ::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        SEKI_CHECK(fd >= 0);
        const int little = 4096;  // so that answers wait in the middle
        ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &little, sizeof little);
        services.emplace_back(fd,
                              std::make_unique<TlsTransport>(plain(fd), *context, SocketAddress::v4(0x7F000001U, 1)));
    }
    const UniqueFd to = unix_socket(other, false);
    for (const Service& service : services) {
        if (service.open()) service.move(to.get());
    }
    return 0;
}

int run_second(const char* path) {
    ServerFixture fixture;
    const UniqueFd listener = unix_socket(path, true);
    say("ready");
    const UniqueFd from(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    std::vector<Service> services;
    while (true) {
        UniqueFd fd = receive_fd(from.get());
        if (!fd.valid()) break;
        const int number = fd.get();
        auto adopted =
            TlsTransport::adopt(plain(fd.release()), *fixture.engine, Role::server, receive_text(from.get()));
        SEKI_CHECK(adopted.has_value());
        std::string asked = receive_text(from.get());
        std::string answer = receive_text(from.get());
        services.emplace_back(number, std::move(*adopted), std::move(asked), std::move(answer));
    }
    say(fmt::format("received {}", services.size()));
    std::getchar();
    bool first_look = true;
    while (!services.empty()) {
        std::vector<pollfd> waiting;
        for (const Service& service : services) waiting.push_back({service.fd(), service.waits_for(), 0});
        if (!first_look) ::poll(waiting.data(), waiting.size(), -1);
        for (size_t i = services.size(); i-- > 0;) {
            if ((first_look || waiting[i].revents != 0) && !services[i].advance())
                services.erase(services.begin() + static_cast<std::ptrdiff_t>(i));
        }
        first_look = false;
    }
    return 0;
}

}  // namespace
}  // namespace seki::tls

int main(int count, char** arguments) {
    const std::string_view role = count > 1 ? arguments[1] : "";
    if (role == "first" && count == 5) return seki::tls::run_first(arguments[2], arguments[3], arguments[4]);
    if (role == "second" && count == 3) return seki::tls::run_second(arguments[2]);
    return 2;
}
