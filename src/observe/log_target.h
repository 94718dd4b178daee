#pragma once

// Where the lines of a log go: a file, a pipe or terminal, or a socket. It takes bytes as far as that can be done
// without waiting, and can be opened again.
//
//     stdout, stderr      as they were inherited
//     file://PATH         appended to, created
//     unix://PATH         whatever listens there: a socket of datagrams, else one of streams
//     udp://IP:PORT       a datagram for each line
//     tcp://IP:PORT
//
// Nothing is done to an inherited descriptor that its other holders would notice: O_NONBLOCK belongs to the open file
// that we share with the shell that started us, so the file is opened anew through /proc where that is allowed.

#include <cstdint>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <utility>

#include "base/result.h"
#include "base/unique_fd.h"
#include "net/address.h"

namespace seki::observe {

class LogTarget {
public:
    enum class Kind : uint8_t {
        file,      // takes what it is given, as one batch
        own,       // a pipe, terminal or device, opened by us and non-blocking
        shared,    // the same, but as others hold it: asked first whether it would block
        stream,    // a socket
        datagrams  // a socket, one line each
    };
    // What a text says, before anything is opened.
    enum class Scheme : uint8_t { descriptor, file, unix_socket, udp, tcp };

    // An error for a text that names no target.
    static Result<LogTarget> parse(std::string_view text);
    // A descriptor that stays the caller's.
    static LogTarget over(int fd);

    // Whether who is not there now may come, and nobody need be told at the start.
    [[nodiscard]] bool is_socket() const noexcept { return scheme_ >= Scheme::unix_socket; }
    [[nodiscard]] bool is_udp() const noexcept { return scheme_ == Scheme::udp; }
    [[nodiscard]] bool is_file() const noexcept { return scheme_ == Scheme::file; }

    // Opens it, or opens it again; on failure what was open stays.
    Result<> open();
    // For who can open no file: that of the target is opened elsewhere (open_for_another), and given. open() takes it
    // then; before the first has come there is nothing to be opened.
    void expect_files() noexcept { files_come_ = true; }
    void give(UniqueFd file) noexcept { given_ = std::move(file); }
    [[nodiscard]] Result<UniqueFd> open_for_another() const;
    void close() noexcept;
    [[nodiscard]] bool is_open() const noexcept { return fd_ >= 0; }
    [[nodiscard]] Kind kind() const noexcept { return kind_; }
    // Which file it is, for whoever wants to know whether another one took its place.
    [[nodiscard]] std::pair<dev_t, ino_t> file_id() const noexcept;

    // As write(2), never waiting.
    ssize_t write(const char* bytes, size_t size) noexcept;
    // It ended the connection, which a write would notice too late.
    [[nodiscard]] bool has_hung_up() const noexcept;

    [[nodiscard]] const std::string& text() const noexcept { return text_; }

private:
    LogTarget(Scheme scheme, std::string text) : scheme_(scheme), text_(std::move(text)) {}

    Result<> open_descriptor();
    Result<> open_file();
    [[nodiscard]] Result<UniqueFd> open_path() const;
    Result<> open_unix_socket();
    Result<> open_network_socket();
    void take(UniqueFd fd, Kind kind) noexcept;
    ssize_t write_shared(const char* bytes, size_t size) const noexcept;
    [[nodiscard]] std::string_view rest() const noexcept;

    Scheme scheme_;
    std::string text_;
    SocketAddress address_;  // of a network
    int inherited_ = -1;
    bool files_come_ = false;
    UniqueFd given_;  // and not taken yet
    Kind kind_ = Kind::file;
    UniqueFd own_;
    int fd_ = -1;
};

}  // namespace seki::observe
