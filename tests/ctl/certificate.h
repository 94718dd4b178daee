#pragma once

// A certificate for shop.example and *.shop.example, made by
//   openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 -subj /CN=shop.example
//     -addext subjectAltName=DNS:shop.example,DNS:*.shop.example

namespace seki::ctl {

inline constexpr const char* shop_certificate =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBrjCCAVSgAwIBAgIUfkzv8XRFGJw+fDYGsXrSi40qgRQwCgYIKoZIzj0EAwIw\n"
    "FzEVMBMGA1UEAwwMc2hvcC5leGFtcGxlMCAXDTI2MTEyNDAwMTM0MVoYDzIxMjYx\n"
    "MDMxMDAxMzQxWjAXMRUwEwYDVQQDDAxzaG9wLmV4YW1wbGUwWTATBgcqhkjOPQIB\n"
    "BggqhkjOPQMBBwNCAAQfuzhBg5i4BgiRsnei8VEWcv/14pOrX86rnIMjzBqiRjAW\n"
    "mI73XqzCy+HFk7zLllMKXbtKxfjwpSs5hLPqKjclo3wwejAdBgNVHQ4EFgQUZybl\n"
    "n28Lv10UZqYVfArTsDgsdoowHwYDVR0jBBgwFoAUZybln28Lv10UZqYVfArTsDgs\n"
    "doowDwYDVR0TAQH/BAUwAwEB/zAnBgNVHREEIDAeggxzaG9wLmV4YW1wbGWCDiou\n"
    "c2hvcC5leGFtcGxlMAoGCCqGSM49BAMCA0gAMEUCIQDkmOcVFLFnIej28QRZBj2Q\n"
    "YTvHMznDL7iURWTDxX/pQQIgNT6Sbpvl4ngctRRa633PE1b/5i+DbAIqQU4U5D+q\n"
    "ryM=\n"
    "-----END CERTIFICATE-----\n";
inline constexpr const char* shop_fingerprint = "5f48b009c77da8ff5d76512ff708dc53af9dec1c861f3827fbea61e19341f342";

}  // namespace seki::ctl
