#pragma once

// Lines of statsd, and the datagrams that they leave in. A datagram has whole lines only, as many as one packet of
// Ethernet holds. Plain and tagged, as Sōzu writes them:
//
//     sozu.WRK-00.http.requests:12|c
//     sozu.WRK-00.cluster.shop.requests:12|c
//     sozu.WRK-00.backend.shop-1.requests:12|c
//     sozu.requests,origin=WRK-00,version=0.1.0,cluster_id=shop,backend_id=shop-1:12|c
//
// Nothing here waits. What the kernel does not take now stays, and no further line is taken until it does; so who sends
// differences loses nothing. What is lost on the way nobody can know, but that nobody listens at the address: then a
// later send fails, and the datagram before it is counted as lost.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/unique_fd.h"
#include "net/address.h"

namespace seki::observe {

class StatsdOutput {
public:
    struct Settings {
        SocketAddress address;
        std::string prefix;
        bool tagged = false;
        std::string origin;  // WRK-00, MAIN
    };
    static constexpr size_t max_datagram_size = 1432;

    explicit StatsdOutput(Settings settings);

    // Whose figures the next lines are.
    void of_process();
    // `backend`: empty for the cluster itself.
    void of_cluster(std::string_view cluster, std::string_view backend);

    // False: there is no room for the line now.
    [[nodiscard]] bool count(std::string_view name, uint64_t added);
    [[nodiscard]] bool gauge(std::string_view name, uint64_t value);
    // `samples` of them took so long. Several are one line with a sample rate, of which the reader makes as many again.
    [[nodiscard]] bool time(std::string_view name, uint64_t ms, uint64_t samples);
    // Sends what is there. False: not now.
    bool flush();

    [[nodiscard]] uint64_t sent() const noexcept { return sent_; }
    [[nodiscard]] uint64_t lost() const noexcept { return lost_; }

private:
    bool take();
    bool send();
    bool open();

    Settings settings_;
    UniqueFd socket_;
    std::string before_;  // what stands before the name, and behind it
    std::string behind_;
    std::string line_;
    std::string datagram_;
    uint64_t sent_ = 0;
    uint64_t lost_ = 0;
};

}  // namespace seki::observe
