// Defaults of AddressSanitizer for our programs (EffnetSanitize.cmake); ASAN_OPTIONS still overrides them.
extern "C" const char* __asan_default_options();

extern "C" const char* __asan_default_options() {
#ifdef EFFNET_LEAKS_ARE_NOT_OURS
  return "detect_container_overflow=0:detect_leaks=0";
#else
  return "detect_leaks=1";
#endif
}
