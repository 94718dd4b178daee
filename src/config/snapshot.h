#pragma once

// The ordered changes that build a state from nothing: owners before what refers to them, activations last. One after
// another, so that whoever writes them down can do it in slices and need not hold them all. It is what diff() from an
// empty state makes.

#include <cstdint>
#include <functional>
#include <tuple>
#include <vector>

#include "config/kinds.h"
#include "config/state.h"

namespace seki::config {

class Snapshot {
public:
    // `state` outlives this and stays as it is until the last change was taken.
    explicit Snapshot(const State& state);

    // Fills the next change into `request`, which is empty; false when that was all. `fill`, if there is one, fills
    // those that add a certificate.
    using FillCertificate =
        std::function<void(command::Request& request, const CertificateKey& key, const StoredCertificate& certificate)>;
    bool next(command::Request& request, const FillCertificate& fill = nullptr);
    // Passes over so many changes, as far as there are; returns over how many.
    uint64_t skip(uint64_t count);

private:
    template <typename Kind>
    struct Walk {
        typename Table<Kind>::Entries::const_iterator to_add;
        typename Table<Kind>::Entries::const_iterator to_activate;
        typename Table<Kind>::Entries::const_iterator end;

        bool add(command::Request& request, const FillCertificate& fill);
        bool activate(command::Request& request);
        uint64_t skip(uint64_t count);
    };

    bool limit(command::Request& request);
    bool ticket_secret(command::Request& request);

    const State& state_;
    EveryKind<Walk> walks_;
    std::vector<command::Request> limits_;
    size_t limits_told_ = 0;
    bool secret_told_ = false;
};

}  // namespace seki::config
