import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import ca.uhn.fhir.validation.FhirValidator;
import ca.uhn.fhir.validation.ResultSeverityEnum;
import ca.uhn.fhir.validation.SingleValidationMessage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.hl7.fhir.common.hapi.validation.support.CommonCodeSystemsTerminologyService;
import org.hl7.fhir.common.hapi.validation.support.InMemoryTerminologyServerValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.PrePopulatedValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.ValidationSupportChain;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;
import org.hl7.fhir.instance.model.api.IBaseResource;
import org.hl7.fhir.r5.utils.validation.constants.BestPracticeWarningLevel;
import org.hl7.fhir.r4.model.CodeSystem;
import org.hl7.fhir.r4.model.Questionnaire;
import org.hl7.fhir.r4.model.ValueSet;

/** Has HL7's validator look at every JSON file of some folders. Ends with 1 where one has an error. */
public class Validate {
  public static void main(String[] folders) throws Exception {
    var r4 = FhirContext.forR4();
    var parser = r4.newJsonParser();
    var files = new TreeMap<Path, String>();
    for (var folder : folders) {
      try (Stream<Path> found = Files.walk(Path.of(folder))) {
        for (var file : found.filter(f -> f.toString().endsWith(".json")).toList()) files.put(file, Files.readString(file));
      }
    }
    // Our own codes and forms, so that answers and codes are checked against them.
    var forms = new TreeMap<String, IBaseResource>();
    var ours = new PrePopulatedValidationSupport(r4) {
      @Override
      public <T extends IBaseResource> T fetchResource(Class<T> type, String url) {
        var form = forms.get(url);
        return type.isInstance(form) ? type.cast(form) : super.fetchResource(type, url);
      }
    };
    for (var json : files.values()) {
      IBaseResource r = parser.parseResource(json);
      if (r instanceof Questionnaire form) forms.put(form.getUrl(), form);
      else if (r instanceof CodeSystem || r instanceof ValueSet) ours.addResource(r);
    }
    var chain = new ValidationSupportChain(ours, new DefaultProfileValidationSupport(r4), new CommonCodeSystemsTerminologyService(r4),
        new InMemoryTerminologyServerValidationSupport(r4));
    var hl7 = new FhirInstanceValidator(chain);
    hl7.setAnyExtensionsAllowed(true);
    hl7.setErrorForUnknownProfiles(true);
    hl7.setBestPracticeWarningLevel(BestPracticeWarningLevel.Warning);
    FhirValidator validator = r4.newValidator().registerValidatorModule(hl7);
    var counts = new TreeMap<ResultSeverityEnum, Integer>();
    var kinds = new TreeMap<String, Integer>();
    for (var file : files.entrySet()) {
      kinds.merge(parser.parseResource(file.getValue()).fhirType(), 1, Integer::sum);
      for (SingleValidationMessage m : validator.validateWithResult(file.getValue()).getMessages()) {
        counts.merge(m.getSeverity(), 1, Integer::sum);
        if (m.getSeverity() != ResultSeverityEnum.INFORMATION)
          System.out.println(m.getSeverity() + " " + file.getKey().getFileName() + " " + m.getLocationString() + ": " + m.getMessage());
      }
    }
    System.out.println(files.size() + " resources: " + kinds);
    System.out.println("findings: " + counts);
    boolean failed = counts.containsKey(ResultSeverityEnum.ERROR) || counts.containsKey(ResultSeverityEnum.FATAL);
    System.exit(failed ? 1 : 0);
  }
}
