// Defaults of AddressSanitizer for our programs (EffnetSanitize.cmake); ASAN_OPTIONS still overrides them. A request that
// no memory can hold is answered with null, as malloc answers it: the tests ask what becomes of it.
extern "C" const char* __asan_default_options();

extern "C" const char* __asan_default_options() {
#ifdef EFFNET_LEAKS_ARE_NOT_OURS
  return "allocator_may_return_null=1:detect_container_overflow=0:detect_leaks=0";
#else
  return "allocator_may_return_null=1:detect_leaks=1";
#endif
}
