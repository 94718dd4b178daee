#include "observe/statsd_output.h"

#include <cerrno>
#include <fmt/format.h>
#include <sys/socket.h>
#include <utility>

namespace seki::observe {

namespace {

// Ids are the operator's, and may have what separates the parts of a line.
void add_id(std::string& to, std::string_view id) {
    constexpr std::string_view separators = ":|@#,= ";
    for (const char c : id) to += static_cast<unsigned char>(c) < ' ' || c == 0x7F || separators.contains(c) ? '_' : c;
}

}  // namespace

StatsdOutput::StatsdOutput(Settings settings) : settings_(std::move(settings)) {
    line_.reserve(max_datagram_size);
    datagram_.reserve(max_datagram_size);
    of_process();
}

void StatsdOutput::of_process() {
    before_ = settings_.prefix + '.';
    behind_.clear();
    if (settings_.tagged) {
        behind_ = fmt::format(",origin={},version=" SEKI_VERSION, settings_.origin);
    } else {
        before_ += settings_.origin + '.';
    }
}

void StatsdOutput::of_cluster(std::string_view cluster, std::string_view backend) {
    of_process();
    if (settings_.tagged) {
        behind_ += ",cluster_id=";
        add_id(behind_, cluster);
        if (backend.empty()) return;
        behind_ += ",backend_id=";
        add_id(behind_, backend);
        return;
    }
    before_ += backend.empty() ? "cluster." : "backend.";
    add_id(before_, backend.empty() ? cluster : backend);
    before_ += '.';
}

// ---- lines

bool StatsdOutput::count(std::string_view name, uint64_t added) {
    line_.clear();
    fmt::format_to(std::back_inserter(line_), "{}{}{}:{}|c", before_, name, behind_, added);
    return take();
}

bool StatsdOutput::gauge(std::string_view name, uint64_t value) {
    line_.clear();
    fmt::format_to(std::back_inserter(line_), "{}{}{}:{}|g", before_, name, behind_, value);
    return take();
}

bool StatsdOutput::time(std::string_view name, uint64_t ms, uint64_t samples) {
    line_.clear();
    fmt::format_to(std::back_inserter(line_), "{}{}{}:{}|ms", before_, name, behind_, ms);
    if (samples > 1) fmt::format_to(std::back_inserter(line_), "|@{}", 1.0 / static_cast<double>(samples));
    return take();
}

bool StatsdOutput::take() {
    const size_t size = datagram_.size() + (datagram_.empty() ? 0 : 1) + line_.size();
    if (size > max_datagram_size && !send()) return false;
    if (!datagram_.empty()) datagram_ += '\n';
    datagram_ += line_;
    return true;
}

// ---- datagrams

bool StatsdOutput::flush() { return send(); }

bool StatsdOutput::send() {
    if (datagram_.empty()) return true;
    if (!socket_.valid() && !open()) return false;
    constexpr int attempts = 3;
    for (int attempt = 0; attempt < attempts; ++attempt) {
        if (::send(socket_.get(), datagram_.data(), datagram_.size(), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) {
            ++sent_;
            datagram_.clear();
            return true;
        }
        if (errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM) return false;
        // This is the answer to the datagram before; ours has not left.
        if (errno == ECONNREFUSED) {
            ++lost_;
        } else if (errno != EINTR) {
            break;
        }
    }
    // A network that went, and may come back with another address of ours.
    socket_.reset();
    return false;
}

bool StatsdOutput::open() {
    UniqueFd socket(::socket(settings_.address.family(), SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket.valid()) return false;
    sockaddr_storage to;
    const socklen_t size = settings_.address.to_kernel(to);
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&to), size) != 0) return false;
    socket_ = std::move(socket);
    return true;
}

}  // namespace seki::observe
